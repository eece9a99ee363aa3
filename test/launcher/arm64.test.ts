import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { afterAll, describe, it } from 'vitest';
import { dedupe } from '../conformance/dedupe.ts';
import { defineConformance, LOW_LEVEL, UNTIMED } from '../conformance/suite.ts';
import { CAPABLE } from '../conformance/support/capable.ts';
import type { Engine } from '../conformance/support/engine.ts';
import { EFFORT } from '../support/effort.ts';
import { buildFor, findCrossCompiler } from './support/cross.ts';
import { directoryForLauncher } from './support/sanitized.ts';

/** Tests that fail because of the emulator. Each reason but the witness's was confirmed with a program that does not contain HookBus. */
const EMULATED: Engine['cannot'] = [
  [
    /^death of the hook by SIG(QUIT|ILL|TRAP|ABRT|BUS|FPE|SEGV|SYS)\b/,
    'it reports its own death by a signal that dumps core',
  ],
  [/^every signal to hookbus that a bare hook/, 'it takes signals for its own faults'],
  [
    /to its group reaches the hook exactly once/,
    'it does not support the last signal, which asks the sentinel',
  ],
  [
    /^a grandchild in another session, two forks away/,
    'it refuses PR_SET_CHILD_SUBREAPER, by which the launcher finds orphans',
  ],
  [
    /^an execution whose whole group is killed at a time limit/,
    'its witness writes no note; whether that is the emulator is not known',
  ],
  [/^a signal before the hook has started/, 'the process has the name of the emulator'],
  [
    /^a running execution does not count as interrupted/,
    'it invents the start time in /proc/self/stat',
  ],
  [
    /^the hook inherits .* ignored|^SIGHUP ignored by the caller/,
    'it does not ignore the signals that its caller ignores',
  ],
];

/** Finds a program on PATH. */
function find(name: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The command that starts the launcher for arm64 on this machine, or the reason why it cannot start. */
function build(): { command: readonly [string, ...string[]]; directory?: string } | string {
  const emulator = find('qemu-aarch64') ?? find('qemu-aarch64-static');
  if (emulator === undefined) return 'there is no qemu-aarch64 (package qemu-user)';
  const compiler = findCrossCompiler();
  if (compiler !== true) return compiler;
  const { directory, program } = directoryForLauncher('arm64');
  const { status, said } = buildFor('linux-arm64', program);
  if (status !== 0) throw new Error(said);
  // It knows no Node of its own, and searches PATH for none while a hook waits.
  writeFileSync(join(dirname(program), 'node-path'), `${execPath}\n`, { mode: 0o644 });
  const trial = spawnSync(emulator, [program, 'run', '--', 'true'], { env: {}, encoding: 'utf8' });
  if (trial.status === 0) return { command: [emulator, program], directory };
  rmSync(directory, { recursive: true, force: true });
  return `it does not run here: ${trial.stderr}`;
}

const built = build();

if (typeof built === 'string') {
  it.skip(`the launcher for arm64 (skipped: ${built})`, () => undefined);
} else {
  describe('under an emulator,', () => {
    const { command, directory } = built;
    // vitest prints the titles of skipped tests only on request.
    const reasons = EMULATED.map(([, reason]) => reason).join('; ');
    process.stderr.write(
      `not tested on the launcher for arm64, because of the emulator: ${reasons}\n`,
    );
    if (EFFORT === 1) {
      const left = UNTIMED.filter((topic) => !LOW_LEVEL.includes(topic)).map(({ name }) => name);
      process.stderr.write(
        `not tested on the launcher for arm64 without HOOKBUS_TEST_EFFORT=2: dedupe, ${left.join(', ')}\n`,
      );
    }
    afterAll(() => directory && rmSync(directory, { recursive: true, force: true }));
    defineConformance(
      {
        name: 'launcher for arm64',
        command,
        env: { HOOKBUS_DAEMON: 'off' },
        capabilities: { ...CAPABLE, startsAtOnce: 'the emulator takes its time to start' },
        cannot: EMULATED,
      },
      EFFORT > 1 ? [...UNTIMED, dedupe] : LOW_LEVEL,
    );
  });
}
