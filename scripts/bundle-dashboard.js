/*
 * Makes dist/new/dashboard.cjs, which the daemon loads when somebody asks for the dashboard. It contains the page's files
 * unchanged, the style sheets as one file, and uPlot, which draws the charts, as a separate file. The daemon has loaded
 * better-sqlite3 already. Run from the root of the repository by make build.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transformSync } from 'esbuild';
import { BUNDLE, OUTSIDE } from './bundling.js';

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
// One request for all of them, since the page cannot show anything without its style.
files['style.css'] = [
  licence + readFileSync(join(UPLOT, 'dist/uPlot.min.css'), 'utf8'),
  ...names.filter((name) => name.endsWith('.css')).map(read),
].join('\n');

await build({
  ...BUNDLE,
  entryPoints: ['src/dashboard/dashboard.ts'],
  outdir: 'dist/new',
  define: { PAGE_FILES: JSON.stringify(files) },
  external: OUTSIDE,
});
