import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { gatePath } from '../../src/gates/gate-file.ts';
import type { Engine } from './support/engine.ts';
import { brief, python } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

const OBJECT = { session_id: 's', hook_event_name: 'PreToolUse', tool_input: { command: 'ls }"' } };
const COMPACT = JSON.stringify(OBJECT);
const WHOLE = { compact: COMPACT, 'pretty-printed': JSON.stringify(OBJECT, undefined, 2) };

/** What may be added to a hook whose caller has sent everything, and to one whose caller has sent nothing, in ms. */
const WHOLE_MS = 1;
const NOTHING_MS = 10;

/** The same for an engine that starts slowly, compared with itself for input that ends. */
const OWN_MS = 20;

const DEADLINE_MS = 60_000;

export function waiting(engine: Engine): void {
  const wrapped = (...hook: string[]): string[] => [
    ...[...engine.command, 'run', '--name', 'probe', '--'],
    ...hook,
  ];

  topic(engine, 'a caller that leaves stdin open', 'sequential', ({ test, testIf }) => {
    const { startsAtOnce } = engine.capabilities;
    for (const kind of ['socket', 'pipe'] as const) {
      for (const [form, payload] of Object.entries(WHOLE)) {
        for (const hook of [['true'], ['head', '-c', '5']]) {
          const title = `and has written one ${form} object without a newline to a ${kind} waits at most ${WHOLE_MS} ms more for ${hook[0]} than bare`;
          testIf(
            startsAtOnce,
            title,
            async (stage) => {
              await expectLeastMore(stage, kind, WHOLE_MS, [
                [wrapped(...hook), payload],
                [hook, payload],
                [wrapped(...hook), `${payload}\n`],
              ]);
            },
            DEADLINE_MS,
          );
        }
      }

      for (const gate of ['', ' where a gate is closed']) {
        for (const [what, payload, limit] of [
          ['nothing', '', NOTHING_MS],
          ['one object without a newline', COMPACT, WHOLE_MS],
        ] as const) {
          testIf(
            startsAtOnce,
            `and has written ${what} to a ${kind} waits at most ${limit} ms more than bare${gate}`,
            async (stage) => {
              stage.makeHome();
              mkdirSync(join(stage.home, 'gates'));
              const probe = { hookName: 'probe', command: 'true' };
              const file = gatePath(join(stage.home, 'gates'), probe);
              if (gate !== '') writeFileSync(file, `off ${Date.now() + 3_600_000}\n`);
              await expectLeastMore(stage, kind, limit, [
                [wrapped('true'), payload],
                [['true'], payload],
                [wrapped('true'), `${COMPACT}\n`],
              ]);
            },
            DEADLINE_MS,
          );
        }
      }

      test(
        `waits no longer for a ${kind} with one object than for one with a line`,
        async (stage) => {
          await expectLeastMore(stage, kind, OWN_MS, [
            [wrapped('true'), COMPACT],
            [wrapped('true'), `${COMPACT}\n`],
          ]);
        },
        DEADLINE_MS,
      );

      test(`and writes to a ${kind} once the hook runs reaches it completely`, async (stage) => {
        const late = `${COMPACT}${'x'.repeat(300_000)}`;
        const run = await stage.startWrapped(['sh', '-c', 'echo started; wc -c'], { stdin: kind });
        await run.stdout.sees('started\n');
        run.stdin.end(late);
        expect(brief(await run.finish())).toMatchObject({
          code: 0,
          stdout: `started\n${late.length}\n`,
        });
      });

      test(`and writes to a ${kind} once the hook runs has its ids recorded`, async (stage) => {
        const ids = { session_id: 's', tool_name: 'Bash', tool_use_id: 't' };
        const late = JSON.stringify({ hook_event_name: 'PreToolUse', ...ids });
        const parts = ['', late.slice(0, 30), late.slice(0, late.indexOf('"tool_use_id"'))];
        for (const [first, more] of [
          ...parts.map((part) => [part, []] as const),
          [late.slice(0, 30), ['--store-raw', '--max-bytes', '10']] as const,
        ]) {
          const flags = ['--name', `after-${first.length}`, ...more];
          const hook = ['sh', '-c', 'echo started; cat >/dev/null; exit 2'];
          const run = await stage.startWrapped(hook, { stdin: kind, flags });
          run.stdin.write(first);
          await run.stdout.sees('started\n');
          run.stdin.end(late.slice(first.length));
          expect((await run.finish()).code).toBe(2);
        }
        const rows = await stage.rows();
        const expected = { ...ids, event_type: 'PreToolUse', status: 'blocked' };
        expect(rows).toHaveLength(4);
        for (const row of rows) expect(row).toMatchObject(expected);
      });
    }
  });
}

/** A command, and what its caller has written to its stdin, which stays open. */
type Run = readonly [command: readonly string[], payload: string];

/** Expects the best run of the first to take less than `limit` ms longer than the best of the second; see compare_times.py. */
async function expectLeastMore(
  stage: Stage,
  kind: 'socket' | 'pipe',
  limit: number,
  runs: readonly [Run, Run, Run?],
): Promise<void> {
  const wanted = JSON.stringify({ kind, limit, runs });
  const outcome = await stage.bare(python('compare_times.py', wanted), { deadlineMs: DEADLINE_MS });
  expect(brief(outcome)).toMatchObject({ code: 0, stderr: '' });
  const found = JSON.parse(outcome.stdout.toString()) as { more: number; limit: number };
  expect(found.more).toBeLessThan(found.limit);
}
