import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, describe, it } from 'vitest';
import { defineConformance, PORTABLE } from '../conformance/suite.ts';
import { CAPABLE } from '../conformance/support/capable.ts';
import type { Engine } from '../conformance/support/engine.ts';
import { buildFor, findCrossCompiler } from './support/cross.ts';
import { directoryForLauncher } from './support/sanitized.ts';

/** What fails by the emulator alone, each tried with a program that has nothing of ours in it. */
const EMULATED: Engine['cannot'] = [
  [
    /^death of the hook by SIG(QUIT|ILL|TRAP|ABRT|BUS|FPE|SEGV|SYS)\b/,
    'it reports its own death by a signal that dumps core',
  ],
  [/^every signal to hookbus that a bare hook/, 'it takes signals for faults of its own'],
  [
    /to its group reaches the hook exactly once/,
    'it has not the last signal, by which the sentinel is asked',
  ],
  [/^a signal before the hook has started/, 'the process is named for the emulator'],
  [/^a running execution does not count as interrupted/, 'it makes up the start time in /proc/self/stat'],
  [
    /^the hook inherits .* ignored|^SIGHUP ignored by the caller/,
    'it ignores nothing that its caller ignores',
  ],
];

/** Finds a program on PATH. */
function find(name: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The words that start the launcher for arm64 here, or why it cannot be started. */
function build(): { command: readonly [string, ...string[]]; directory?: string } | string {
  const emulator = find('qemu-aarch64') ?? find('qemu-aarch64-static');
  if (emulator === undefined) return 'there is no qemu-aarch64 (package qemu-user)';
  const compiler = findCrossCompiler();
  if (compiler !== true) return compiler;
  const { directory, program } = directoryForLauncher('arm64');
  const { status, said } = buildFor('linux-arm64', program);
  if (status !== 0) throw new Error(said);
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
    afterAll(() => directory && rmSync(directory, { recursive: true, force: true }));
    defineConformance(
      {
        name: 'launcher for arm64',
        command,
        env: { HOOKBUS_DAEMON: 'off' },
        capabilities: {
          ...CAPABLE,
          makesHome: 'its /proc/self/exe is the emulator, beside which there is no helper',
        },
        cannot: EMULATED,
      },
      PORTABLE,
    );
  });
}
