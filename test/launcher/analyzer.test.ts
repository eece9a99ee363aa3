import { spawn, spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titleOf } from './support/launcher.ts';
import { FLAGS, SOURCES } from './support/sanitized.ts';

const ANALYZE = ['-fanalyzer', '-O2', '-Wall', '-Wextra', '-D_FORTIFY_SOURCE=2', ...FLAGS];

/** Clang warns that it ignores the flag; an old GCC may have been built without the analyzer. */
const canAnalyze: true | string =
  spawnSync('gcc', ['-fanalyzer', '-Werror', '-x', 'c', '-c', '-o', '/dev/null', '/dev/null'])
    .status === 0 || 'there is no GCC with -fanalyzer';

function analyze(source: string): Promise<{ said: string; status: number | null }> {
  const child = spawn('gcc', [...ANALYZE, '-c', '-o', '/dev/null', source]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ said, status })));
}

describe.skipIf(canAnalyze !== true).concurrent(titleOf('-fanalyzer', canAnalyze), () => {
  it.each(SOURCES.map((source) => [basename(source), source]))(
    'finds nothing in %s',
    async (_name, source) => expect(await analyze(source)).toEqual({ said: '', status: 0 }),
    120_000,
  );
});
