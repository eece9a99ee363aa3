import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { LogRow } from '../../src/store/columns.ts';
import type { Engine } from './support/engine.ts';
import { briefly } from './support/running.ts';
import { type Topic, topic, WRITTEN_BEFORE } from './support/topic.ts';
import { inPool } from './support/until.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/payloads/', import.meta.url));
const FLAGS = ['--event', 'FromTheOption'];
const ID = 'toolu_01K9vQe7mX2bR4tYwZ6uJ8sD';
const LARGE = 1_500_000;

/** The capacity of a pipe. */
const PIPE_BYTES = 65_536;

type Ids = Pick<LogRow, 'event_type' | 'tool_name' | 'session_id' | 'tool_use_id'>;
const idsOf = ({ event_type, tool_name, session_id, tool_use_id }: Ids): Ids => ({
  event_type,
  tool_name,
  session_id,
  tool_use_id,
});

/** Each payload with a description and the fields that the row has from it; other ids are those of `COMMON`. */
const COMMON = { event_type: 'PreToolUse', session_id: 's', tool_name: 'Write', tool_use_id: ID };
const head = '"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Write"';
const CASES: ReadonlyArray<readonly [what: string, payload: string, ids: Partial<Ids>]> = [
  [
    'behind 1.5 MB of content',
    `{${head},"tool_input":{"content":"${'x'.repeat(LARGE)}"},"tool_use_id":"${ID}"}\n`,
    {},
  ],
  [
    'behind 1.5 MB of escapes',
    `{${head},"tool_input":{"content":"${'\\"\\\\\\n'.repeat(LARGE / 6)}"},"tool_use_id":"${ID}"}\n`,
    {},
  ],
  ['without a newline at the end', `{${head},"tool_use_id":"${ID}"}`, {}],
  [
    'with blanks everywhere',
    ` { "session_id" : "s" ,\t"hook_event_name": "PreToolUse", "tool_name" :"Write", "tool_use_id" : "${ID}" } \n`,
    {},
  ],
  [
    'beside decoys inside tool_input',
    `{${head},"tool_input":{"tool_use_id":"no","session_id":"no","a":[{"tool_name":"no"}]},"tool_use_id":"${ID}"}\n`,
    {},
  ],
  [
    'beside decoys inside a string',
    `{${head},"prompt":"\\",\\"tool_use_id\\":\\"no\\"","tool_use_id":"${ID}"}\n`,
    {},
  ],
  ['only inside a list', `{${head},"tool_calls":[{"tool_use_id":"no"}]}\n`, { tool_use_id: null }],
  [
    'before unknown fields',
    `{${head},"tool_use_id":"${ID}","scratchpad_dir":"/x","n":[1,2,{"a":null}],"deep":${'['.repeat(200)}${']'.repeat(200)}}\n`,
    {},
  ],
  [
    'with escapes in a value',
    `{"session_id":"\\u0073","hook_event_name":"PreToolUse","tool_name":"na\\u00efve \\"\\ud83d\\ude80\\"","tool_use_id":"${ID}"}\n`,
    { tool_name: 'naïve "🚀"' },
  ],
  [
    'with escapes in a name',
    `{"session\\u005fid":"s","hook_event_name":"PreToolUse","tool_name":"Write","tool_use_id":"${ID}"}\n`,
    {},
  ],
  [
    'with values that are not strings',
    `{"session_id":7,"hook_event_name":"PreToolUse","tool_name":null,"tool_use_id":{"a":1}}\n`,
    { session_id: null, tool_name: null, tool_use_id: null },
  ],
  ['in a truncated object', `{${head},"tool_use_id":"${ID}","tool_input":{"content":"x`, {}],
];

export function payloads(engine: Engine): void {
  const register = ({ test }: Topic): void => {
    test('each payload of fixtures/payloads goes through unchanged, and the row has its ids', async (stage) => {
      const names = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.json'),
      );
      expect(names.length).toBeGreaterThanOrEqual(75);
      const expected = await inPool(names, 4, async (name) => {
        const input = readFileSync(`${FIXTURES}${name}`);
        const outcome = await stage.wrapped(['cat'], {
          flags: ['--name', name, ...FLAGS],
          stdin: 'pipe',
          input,
        });
        expect(briefly(outcome.stdout), name).toBe(briefly(input));
        return [name, fixtureIds(input.toString('utf8'))] as const;
      });
      const rows = await stage.rows();
      const found = rows.map((row) => [row.hook_name, idsOf(row)] as const);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
      expect(rows).toHaveLength(names.length);
    });

    for (const [what, payload, ids] of CASES) {
      test(`ids are found ${what}`, async (stage) => {
        // From a file, since a caller on a busy machine may pause while it writes a payload that a pipe cannot hold at once.
        writeFileSync(stage.path('payload'), payload);
        const stdin = openSync(stage.path('payload'), 'r');
        const outcome = await stage.wrapped(['cat'], {
          flags: ['--name', 'probe', ...FLAGS],
          ...(payload.length > PIPE_BYTES ? { stdin } : { stdin: 'pipe', input: payload }),
        });
        closeSync(stdin);
        expect(briefly(outcome.stdout)).toBe(briefly(Buffer.from(payload)));
        expect(idsOf(await stage.onlyRow())).toEqual({ ...COMMON, ...ids });
      });
    }

    for (const [what, payload] of [
      ['none', ''],
      ['not JSON', 'hello { "session_id": "no" }\n'],
      ['a list', '[{"session_id":"no","hook_event_name":"No"}]\n'],
      ['bytes', Buffer.from([0, 1, 2, 255, 254, 10])],
      ['an empty object', '{}\n'],
    ] as const) {
      test(`a payload that is ${what} has no ids: the event is the option's`, async (stage) => {
        const outcome = await stage.wrapped(['cat'], {
          flags: ['--event', 'FromTheOption', '--tool', 'T'],
          stdin: 'pipe',
          input: payload,
        });
        expect(outcome.stdout.equals(Buffer.from(payload))).toBe(true);
        expect(idsOf(await stage.onlyRow())).toEqual({
          event_type: 'FromTheOption',
          tool_name: 'T',
          session_id: null,
          tool_use_id: null,
        });
      });
    }

    test('event and tool in the payload take precedence over the options', async (stage) => {
      await stage.wrapped(['true'], {
        flags: ['--event', 'No', '--tool', 'No'],
        stdin: 'pipe',
        input: '{"hook_event_name":"PreToolUse","tool_name":"Bash"}\n',
      });
      expect(await stage.onlyRow()).toMatchObject({ event_type: 'PreToolUse', tool_name: 'Bash' });
    });
  };
  topic(engine, 'payloads', 'concurrent', register, WRITTEN_BEFORE);
}

/** The names of these fields: Claude Code and Codex, then Copilot, then Cursor, then Cline, which nests them. */
function fixtureIds(payload: string): Ids {
  const fields = JSON.parse(payload.replace(/^\ufeff/, '')) as Record<string, unknown>;
  const call = (fields['tool_call'] ?? fields['tool_result'] ?? {}) as Record<string, unknown>;
  const first = (from: typeof fields, ...names: string[]): string | null => {
    const name = names.find((candidate) => typeof from[candidate] === 'string');
    return name === undefined ? null : String(from[name]);
  };
  return {
    event_type: first(fields, 'hook_event_name', 'hookName') ?? 'FromTheOption',
    tool_name: first(fields, 'tool_name', 'toolName') ?? first(call, 'name'),
    session_id: first(fields, 'session_id', 'sessionId', 'conversation_id', 'taskId'),
    tool_use_id: first(fields, 'tool_use_id') ?? first(call, 'id'),
  };
}
