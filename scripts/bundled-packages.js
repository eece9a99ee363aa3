/* Which npm packages are in the bundles that users get. */
import { build } from 'esbuild';
import { BUNDLE, OUTSIDE } from './bundling.js';

/** Their folders below node_modules/, sorted; and that of better-sqlite3, which is beside the bundles. */
export async function bundledFolders() {
  const { metafile } = await build({
    ...BUNDLE,
    // The page contains uplot.
    entryPoints: [
      'src/cli/run.ts',
      'src/cli/main.ts',
      'src/index.ts',
      'src/dashboard/dashboard.ts',
      'better-sqlite3',
      'uplot',
    ],
    outdir: 'unused',
    // The separate bundles are entry points here, or are part of one.
    external: [...OUTSIDE, 'unix-dgram'],
    define: { PAGE_FILES: '{}' },
    write: false,
    metafile: true,
    logLevel: 'error',
  });

  const folders = Object.keys(metafile.inputs).flatMap((path) => {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
    return folder === undefined ? [] : [folder];
  });
  return [...new Set(folders)].sort();
}
