import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askProgram, findProgram } from '../../src/os/ask-program.ts';
import { isAlive } from '../conformance/support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function aProgram(directory: string, script: string): string {
  const path = join(directory, 'client');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function ask(script: string, limitMs = 20_000) {
  const directory = temporaryDirectory();
  const question = {
    program: aProgram(directory, script),
    args: [],
    input: 'hello\n',
    env: { PATH: '/usr/bin:/bin' },
    cwd: directory,
    limitMs,
    maxBytes: 100_000,
    read: (line: string) => (line.startsWith('answer ') ? line : undefined),
  };
  return { directory, asked: askProgram(question) };
}

const pidIn = (directory: string, name: string): number =>
  Number(readFileSync(join(directory, name), 'utf8'));

describe('a program that is asked', () => {
  it('answers among other lines, and is ended before it can do more', async () => {
    const { directory, asked } = ask(
      'echo $$ >self; read word; echo note; echo "answer $word"; cat >/dev/null; touch more',
    );
    expect(await asked).toEqual({ answer: 'answer hello' });
    expect(isAlive(pidIn(directory, 'self'))).toBe(false);
    expect(existsSync(join(directory, 'more'))).toBe(false);
  });

  it('answers although it ends at once', async () => {
    expect(await ask('read word; printf "x\\nanswer $word\\n"').asked).toEqual({
      answer: 'answer hello',
    });
  });

  it.each([
    ['exits', 'exit 1', 'ended with exit code 1'],
    ['writes nonsense', 'echo "{]"; printf "\\377\\000"', 'ended with exit code 0'],
    [
      'never stops writing',
      'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done',
      'answered far too much',
    ],
    ['dies', 'kill -9 $$', 'ended with SIGKILL'],
  ])('costs a reason if it %s', async (_, script, reason) => {
    expect(await ask(script).asked).toEqual({ reason });
  });

  it('is ended with its children when its time is over, also if it ignores SIGTERM', async () => {
    const script =
      "trap '' TERM; echo $$ >self; sh -c 'trap \"\" TERM; echo $$ >child; while :; do sleep 1; done' & while :; do sleep 1; done";
    const { directory, asked } = ask(script, 2000);
    expect(await asked).toEqual({ reason: 'gave no answer in 2 s' });
    await expect.poll(() => isAlive(pidIn(directory, 'child'))).toBe(false);
    expect(isAlive(pidIn(directory, 'self'))).toBe(false);
  });

  it('does not hold up the answer by a child that keeps stdout open', async () => {
    const { directory, asked } = ask('sleep 600 & echo $! >child; exit 3', 2000);
    expect(await asked).toHaveProperty('reason');
    await expect.poll(() => isAlive(pidIn(directory, 'child'))).toBe(false);
  });

  it('costs a reason if it cannot be started', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'client');
    const question = {
      ...{ program: path, args: [], input: '', env: {}, cwd: directory },
      ...{ limitMs: 20_000, maxBytes: 100, read: () => undefined },
    };
    expect(await askProgram(question)).toEqual({
      reason: expect.stringContaining('cannot be started'),
    });
  });
});

describe('the program on PATH', () => {
  it('is never one of the project, also not through a link or a relative directory', () => {
    const top = temporaryDirectory();
    const [project, outside] = [join(top, 'project'), join(top, 'bin')];
    for (const directory of [project, outside]) mkdirSync(directory);
    const inProject = aProgram(project, '');
    symlinkSync(inProject, join(outside, 'client'));
    const found = (path: string) => findProgram({ PATH: path }, 'client', [project]);
    expect(found(`${project}:.::project:${outside}`)).toBeUndefined();
    const real = join(top, 'real');
    mkdirSync(real);
    aProgram(real, '');
    expect(found(`${project}:${outside}:${real}`)).toBe(join(real, 'client'));
  });
});
