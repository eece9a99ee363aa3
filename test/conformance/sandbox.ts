import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { compiled } from './support/compiled.ts';
import type { Engine } from './support/engine.ts';
import { brief, briefly, python } from './support/running.ts';
import type { InputOptions, Stage } from './support/stage.ts';
import { type Topic, topic, WITHOUT_HOME } from './support/topic.ts';

const INPUT = `{"session_id":"s","tool_input":"${'x'.repeat(300_000)}"}\n`;
const HOOK = ['sh', '-c', 'cat; echo err >&2; sleep 0.02; exit 3'];

const canUnshare: true | string =
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0 ||
  'a namespace needs a privilege';

const EPERM = '1';

/** System calls that a hook can do without, and so must HookBus. test/launcher has more of them. */
const REFUSED = [
  ...['prctl', 'close_range', 'memfd_create', 'sendto'],
  ...['socketpair', 'poll', 'kill', 'ioctl', 'getpid'],
];

export function sandbox(engine: Engine): void {
  const register = ({ testIf }: Topic): void => {
    testIf(
      canUnshare,
      'under a first process that reaps no orphans, 12 hooks leave no more zombies than bare',
      async (stage) => {
        const first = ['unshare', '--pid', '--fork', '--mount-proc'];
        const count = python('first_process.py', '12');
        const hook = ['sleep', '0.02'];
        const bare = await stage.bare([...first, ...count, ...hook]);
        expect(brief(bare)).toMatchObject({ code: 0, stdout: '0\n' });
        const own = [...engine.command, 'run', '--name', 'probe', '--', ...hook];
        const wrapped = await stage.bare([...first, ...count, ...own], { deadlineMs: 120_000 });
        expect(brief(wrapped)).toEqual(brief(bare));
      },
    );

    const refuse = compiled('refuse_call');
    const refuser = typeof refuse === 'string' ? '' : refuse.path;
    for (const call of REFUSED) {
      testIf(
        typeof refuse === 'string' ? refuse : true,
        `the hook runs as bare without ${call}`,
        async (stage) => {
          for (const stdin of ['socket', 'pipe'] as const)
            await runsAsBare(stage, engine, [refuser, call, EPERM], {
              input: INPUT,
              stdin,
              deadlineMs: 120_000,
            });
        },
      );
    }
  };
  topic(engine, 'a sandbox', 'concurrent', register, WITHOUT_HOME);
}

/** With these words in front, the hook does the same wrapped as without HookBus. */
async function runsAsBare(
  stage: Stage,
  engine: Engine,
  below: readonly string[],
  options: InputOptions,
): Promise<void> {
  const bare = await stage.bare([...below, ...HOOK], options);
  expect(brief(bare), below.join(' ')).toMatchObject({
    code: 3,
    stdout: briefly(Buffer.from(INPUT)),
  });
  const own = [...engine.command, 'run', '--name', 'probe', '--', ...HOOK];
  expect(brief(await stage.bare([...below, ...own], options)), below.join(' ')).toEqual(
    brief(bare),
  );
}
