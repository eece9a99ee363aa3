import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { canHavePolicy, underPolicy } from '../support/policy.ts';
import type { Engine } from './support/engine.ts';
import { brief } from './support/running.ts';
import type { RunOptions, Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

const DENY = 'cat >/dev/null; echo no >&2; exit 2 # guard.sh';
const DENIED = { code: 2, signal: null, stdout: '', stderr: 'no\n' };
const SKIPPED = { code: 0, signal: null, stdout: '', stderr: '' };

/** A hook: how it is run without `--name`, and how it is recorded. */
interface Form {
  readonly words: readonly string[];
  readonly flags?: readonly string[];
  readonly name: string;
  readonly command: string;
}

const FORMS: readonly Form[] = [
  { words: ['sh', '-c', DENY, 'x/guard.py'], name: 'guard', command: `sh -c '${DENY}' x/guard.py` },
  { words: [], flags: ['--shell', DENY], name: 'guard', command: DENY },
  { words: ['/bin/sh', '-c', DENY], name: 'sh', command: DENY },
  {
    words: ['a.py'],
    flags: ['--shell', DENY],
    name: 'guard',
    command: `/bin/sh -c '${DENY}' a.py`,
  },
  { words: ['/bin/sh', '-c', DENY, 'a.py'], name: 'a', command: `/bin/sh -c '${DENY}' a.py` },
  {
    words: ['sh', '-c', DENY, `it's.py`, ''],
    name: `it's`,
    command: `sh -c '${DENY}' 'it'\\''s.py' ''`,
  },
  {
    words: ['sh', '-c', DENY, `x${'🚀'.repeat(50)}`],
    name: `x${'🚀'.repeat(39)}\ufffd`,
    command: `sh -c '${DENY}' 'x${'🚀'.repeat(50)}'`,
  },
  {
    words: [],
    flags: ['--shell', `sh -c '${DENY}' x/guard.py # other.sh`],
    name: 'guard',
    command: `sh -c '${DENY}' x/guard.py # other.sh`,
  },
];

/** Runs it without a name, or with this one. */
async function run(stage: Stage, form: Form, name?: string, options: RunOptions = {}) {
  const named = name === undefined ? [] : ['--name', name];
  const flags = [...named, '--event', 'PreToolUse', ...(form.flags ?? [])];
  return brief(await stage.wrapped([...form.words], { input: '{}\n', ...options, flags }));
}

async function off(stage: Stage, { name, command }: Form): Promise<void> {
  const words = ['off', name, '--yes', '--command', command];
  expect(brief(await stage.hookbus(...words))).toMatchObject({ code: 0, stderr: '' });
}

export function nameless(engine: Engine): void {
  topic(engine, 'a run without --name', 'concurrent', ({ test, testIf }) => {
    for (const form of FORMS) {
      const { name, command, flags = [], words } = form;
      const shown = [...flags, ...words].map((word) => (word === DENY ? 'LINE' : word)).join(' ');

      test(`of \`${shown.slice(0, 60)}\` belongs to the hook ${name.slice(0, 8)}, in its row and for gates`, async (stage) => {
        for (const given of [undefined, '', name]) {
          expect(await run(stage, form, given), given).toEqual(DENIED);
        }
        await off(stage, form);
        for (const given of [undefined, '', name]) {
          expect(await run(stage, form, given), given).toEqual(SKIPPED);
        }
        expect(await run(stage, form, 'another')).toEqual(DENIED);
        for (const other of FORMS) {
          if (other !== form) expect(await run(stage, other), other.command).toEqual(DENIED);
        }
        const { stdout } = await stage.hookbus('status', '--json');
        const { gates } = JSON.parse(`${stdout}`);
        expect(gates).toMatchObject([{ hook_name: name, command, state: 'off' }]);
        const rows = (await stage.rows()).slice(0, 6);
        expect(rows.map((row) => [row.hook_name, row.command])).toEqual(
          rows.map(() => [name, command]),
        );
        await stage.hookbus('on', name, '--command', command);
        expect(readdirSync(join(stage.home, 'gates'))).toEqual([]);
        expect(await run(stage, form)).toEqual(DENIED);
      });
    }

    test('has the same dedupe key as the hook with its default name', async (stage) => {
      const hook = ['sh', '-c', 'cat; echo x >>ran', 'x/format.py'];
      const flags = ['--event', 'PostToolUse', '--dedupe-key', '{hook_name}/{event}'];
      for (const named of [[], ['--name', 'format'], []]) {
        await stage.wrapped(hook, { input: '{}\n', flags: [...named, ...flags] });
      }
      const rows = await stage.rows();
      expect(
        rows.map(({ hook_name, status, dedupe_key: key }) => [
          hook_name,
          status,
          key?.split(':')[0],
        ]),
      ).toEqual([
        ['format', 'success', 'format/PostToolUse'],
        ['format', 'dedupe_skip', 'format/PostToolUse'],
        ['format', 'dedupe_skip', 'format/PostToolUse'],
      ]);
    });

    const under = (stage: Stage, policy: string): RunOptions => {
      const room = stage.path('etc');
      mkdirSync(room, { recursive: true });
      return { program: [...underPolicy(room, policy), ...engine.command] };
    };

    testIf(canHavePolicy, 'is protected if root protects any hook', async (stage) => {
      for (const form of FORMS.slice(0, 3)) {
        await off(stage, form);
        const policed = under(stage, '{"protected_hooks": ["other"]}');
        for (const given of [undefined, '']) {
          expect(await run(stage, form, given, policed), given).toEqual(DENIED);
        }
        expect(await run(stage, form, form.name, policed)).toEqual(SKIPPED);
        const none = under(stage, '{"protected_hooks": []}');
        expect(await run(stage, form, undefined, none)).toEqual(SKIPPED);
      }
    });
  });
}
