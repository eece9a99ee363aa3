import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';

const ROOT = join(import.meta.dirname, '../..');

it('the demo tells a story on one screen, names the next command, and leaves nothing behind', () => {
  const place = temporaryDirectory();
  const demo = `stty cols 80 rows 24; exec sh '${join(ROOT, 'scripts/demo.sh')}'`;
  const { stdout: output, status } = spawnSync('script', ['-qec', demo, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: place, TERM: 'xterm', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const stdout = output.replaceAll('\r\n', '\n');
  expect({ status, stdout }).toEqual({ status: 0, stdout });
  const lines = stdout.trimEnd().split('\n');
  // The prompt needs a line too.
  expect(lines.length).toBeLessThan(24);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  for (const part of [
    /guard_rm exits 2, so the agent does not run it\n/,
    /check_path exits 1: KeyError: 'file_path'\n/,
    /type_check is slow/,
    /^ *\d+ .* guard_rm .* deny .*\n +Refusing to run: rm -rf build$/m,
    /^type_check +PreToolUse +1 +0 +0 /m,
    /^HookBus itself added P50 [\d.]+ ms/m,
  ]) {
    expect(stdout).toMatch(part);
  }
  expect(lines.at(-1)).toMatch(/ {2}(?:node )?bin\/hookbus\S* install --dry-run$/);
  expect(readdirSync(place)).toEqual([]);
});
