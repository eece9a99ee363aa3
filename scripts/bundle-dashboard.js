/*
 * Makes dist/new/dashboard.cjs, which the daemon loads when somebody opens the dashboard. It contains the files of the
 * page, its style sheets as one, the formats that the terminal uses too, and uPlot, which draws the charts. It uses the
 * better-sqlite3 that the daemon has loaded.
 * Run it from the root of the repository: make build
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync, transformSync } from 'esbuild';
import { bundle, OUTSIDE, WITHOUT_SQLITE } from './bundling.js';

const PAGE = 'src/dashboard/page';
const UPLOT = 'node_modules/uplot';

const read = (name) => readFileSync(join(PAGE, name), 'utf8');
const names = readdirSync(PAGE, { recursive: true }).filter((name) => name.includes('.'));
const files = Object.fromEntries(
  names.filter((name) => !name.endsWith('.css')).map((name) => [name, read(name)]),
);
const licence = `/*\n${readFileSync(join(UPLOT, 'LICENSE'), 'utf8').trim()}\n*/\n`;
const uplot = readFileSync(join(UPLOT, 'dist/uPlot.esm.js'), 'utf8');
files['uplot.js'] = licence + transformSync(uplot, { minify: true }).code;
const formats = { entryPoints: ['src/format.ts'], bundle: true, format: 'esm', write: false };
files['shared-format.js'] = buildSync(formats).outputFiles[0].text;
// One request for all style sheets, because the page waits for its colours.
files['style.css'] = [
  licence + readFileSync(join(UPLOT, 'dist/uPlot.min.css'), 'utf8'),
  ...names.filter((name) => name.endsWith('.css')).map(read),
].join('\n');
// Modules load at once, instead of one after the other as each names the next.
const preloads = Object.keys(files)
  .filter((name) => name.endsWith('.js') && !['start.js', 'app.js'].includes(name))
  .map((name) => `<link rel="modulepreload" href="/${name}" />`);
files['index.html'] = files['index.html'].replace(
  '<!-- The build adds a modulepreload for each module here. -->',
  preloads.join('\n    '),
);

await bundle({
  ...WITHOUT_SQLITE,
  entryPoints: ['src/dashboard/dashboard.ts'],
  outdir: 'dist/new',
  define: { PAGE_FILES: JSON.stringify(files) },
  external: OUTSIDE,
});
