/*
 * Measures what a guarded execution of the library costs in a running process: with recording off, on, and on with a
 * unique dedupe key, in turn. Prints a table. Run it from the root of the repository: make bench-library
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile } from '../src/metrics/percentile.ts';

type Library = typeof import('../src/index.ts');

const ROUNDS = Number(process.argv[2] ?? 2000);
const WARM_UP = 200;
const LIBRARY = join(process.cwd(), 'dist', 'index.js');

const home = mkdtempSync(join(tmpdir(), 'hookbus-bench-'));
process.env['HOOKBUS_HOME'] = home;
// Without this, a daemon would write to the home of whoever measures.
delete process.env['HOME'];
const library = (await import(LIBRARY)) as Library;
const payload = readFileSync('fixtures/payloads/PreToolUse.Bash.json', 'utf8');
const body = () => ({ decision: 'allow' });

const SUBJECTS: Readonly<Record<string, (round: number) => Promise<unknown>>> = {
  off: () => guarded('0'),
  on: () => guarded('1'),
  'on, with a dedupe key': (round) => guarded('1', `round-${round}`),
};

function guarded(enabled: string, dedupeKey?: string): Promise<unknown> {
  process.env['HOOKBUS_ENABLED'] = enabled;
  return library.guardedExecution('bench', 'PreToolUse', { payload, dedupeKey }, body);
}

const samples = new Map(Object.keys(SUBJECTS).map((name): [string, number[]] => [name, []]));
for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(SUBJECTS)) {
    const startedAtMs = performance.now();
    await run(round);
    if (round >= WARM_UP) samples.get(name)?.push(performance.now() - startedAtMs);
  }
}
rmSync(home, { recursive: true, force: true });

console.log(`${ROUNDS} executions each, in one process\n`);
console.log('                            P50 ms   P95 ms   P99 ms');
for (const [name, taken] of samples) {
  taken.sort((a, b) => a - b);
  const cells = [50, 95, 99].map((rank) => (percentile(taken, rank) ?? 0).toFixed(3).padStart(9));
  console.log(name.padEnd(25) + cells.join(''));
}
