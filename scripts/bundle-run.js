/*
 * Makes dist/new/run.cjs, the bundle of the hot path, from src/cli/run.ts, and dist/new/redaction.cjs beside it: redaction
 * has hundreds of rules, and a run needs them only once the hook has ended, if at all. Run it from the root of the
 * repository: make build
 */
import { build } from 'esbuild';
import { BUNDLE } from './bundling.js';

const REDACTION = 'src/redaction/redact-text.ts';

/** Loads the bundle of redaction at the first call. */
const lateRedaction = {
  name: 'late redaction',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/redaction\/redact-text\.ts$/ }, () => ({
      contents: `const rules = () => require('./redaction.cjs');
export const redactByRules = (text, cut) => rules().redactByRules(text, cut);
export const withoutCutKey = (text) => rules().withoutCutKey(text);`,
    }));
  },
};

await build({
  ...BUNDLE,
  entryPoints: ['src/cli/run.ts'],
  outdir: 'dist/new',
  alias: { ...BUNDLE.alias, bindings: './scripts/native-part.cjs' },
  external: ['better-sqlite3/package.json', './redaction.cjs'],
  plugins: [lateRedaction],
});
await build({ ...BUNDLE, entryPoints: { redaction: REDACTION }, outdir: 'dist/new' });
