/*
 * Makes dist/new/run.cjs, the bundle of the hot path, from src/cli/run.ts, and redaction.cjs and decisions.cjs beside it:
 * a run needs their hundreds of rules only once the hook has ended, if at all. Run it from the root of the repository:
 * make build
 */
import { BUNDLE, bundle, late, lateEntries, lateFiles } from './bundling.js';

/** The bundles that are loaded at the first call of one of these functions. */
const LATE = {
  redaction: { entry: 'src/redaction/redact-text.ts', names: ['redactByRules', 'withoutCutKey'] },
  decisions: { entry: 'src/agents/decisions/read-answer.ts', names: ['readAnswer'] },
};

await bundle({
  entryPoints: ['src/cli/run.ts'],
  outdir: 'dist/new',
  alias: { ...BUNDLE.alias, bindings: './scripts/native-part.cjs' },
  external: ['better-sqlite3/package.json', ...lateFiles(LATE)],
  plugins: [late(LATE)],
});
await bundle({
  entryPoints: lateEntries(LATE),
  outdir: 'dist/new',
});
