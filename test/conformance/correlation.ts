import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { LogRow } from '../../src/store/columns.ts';
import type { Engine } from './support/engine.ts';
import type { Stage } from './support/stage.ts';
import { type Topic, topic, WRITTEN_BEFORE } from './support/topic.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const VALID = `00-${TRACE}-${PARENT}-01`;
const PRINT = ['sh', '-c', 'echo "$HOOKBUS_CORRELATION_ID $TRACEPARENT"'];

const INVALID = {
  'an empty one': '',
  'one of upper case': VALID.toUpperCase(),
  'one with a trace id of zeros': `00-${'0'.repeat(32)}-${PARENT}-01`,
  'one with a span id of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
  'one of the forbidden version': `ff-${TRACE}-${PARENT}-01`,
  'one that is too short': `00-${TRACE}-${PARENT}`,
  'one with a suffix': `${VALID}-extra`,
  'one with a newline': `${VALID}\n`,
};

const tool = (event: string, more: object = {}): object => ({
  session_id: 'session-1',
  hook_event_name: event,
  tool_name: 'Bash',
  tool_use_id: 'toolu_1',
  prompt_id: 'prompt-1',
  ...more,
});

export function correlation(engine: Engine): void {
  const register = ({ test }: Topic): void => {
    test('the hooks of one tool call share a correlation id, and each has a separate span', async (stage) => {
      const [pre, post] = await recorded(stage, [
        tool('PreToolUse'),
        tool('PostToolUse', { tool_response: {} }),
      ]);
      expect(post?.correlation_id).toBe(pre?.correlation_id);
      expect(post?.span_id).not.toBe(pre?.span_id);
      expect(pre?.correlation_id).toMatch(/^[0-9a-f]{32}$/);
      expect(pre?.span_id).toMatch(/^[0-9a-f]{16}$/);
      expect(pre?.parent_span_id).toBeNull();
    });

    for (const [what, one, other] of [
      ['sessions', tool('PreToolUse'), tool('PreToolUse', { session_id: 'session-2' })],
      ['tool calls', tool('PreToolUse'), tool('PreToolUse', { tool_use_id: 'toolu_2' })],
      ['prompts', { session_id: 's', prompt_id: 'p1' }, { session_id: 's', prompt_id: 'p2' }],
      [
        'events',
        { session_id: 's', hook_event_name: 'SessionStart' },
        { session_id: 's', hook_event_name: 'SessionEnd' },
      ],
      ['executions without a cause', {}, {}],
    ] as const) {
      test(`different ${what} have different correlation ids`, async (stage) => {
        const [first, second] = await recorded(stage, [one, other]);
        expect(first?.correlation_id).not.toBe(second?.correlation_id);
      });
    }

    test('the hooks of one prompt share a correlation id when no tool is used', async (stage) => {
      const prompt = { session_id: 's', prompt_id: 'p' };
      const [first, second] = await recorded(stage, [
        { ...prompt, hook_event_name: 'UserPromptSubmit' },
        { ...prompt, hook_event_name: 'Stop' },
      ]);
      expect(first?.correlation_id).toBe(second?.correlation_id);
    });

    for (const [agent, before, after] of CALLS) {
      test(`before and after of one call share a correlation id: ${agent}`, async (stage) => {
        const [pre, post] = await recorded(stage, [read(before), read(after)]);
        expect(post?.correlation_id).toBe(pre?.correlation_id);
        const another = { ...read(before), tool_input: 1, toolArgs: 1, tool_call: { id: 'x' } };
        const [, other] = await recorded(stage, [read(before), another], 'second');
        expect(other?.correlation_id).not.toBe(pre?.correlation_id);
      });
    }

    test('a payload of which a part is missing is joined with none', async (stage) => {
      const { session_id, hook_event_name } = read('gemini.BeforeTool.real') as Record<
        string,
        string
      >;
      const part = `{"session_id":"${session_id}","hook_event_name":"${hook_event_name}",`;
      for (const name of ['one', 'two'])
        await stage.wrapped(['true'], { flags: ['--name', name], input: `${part}\n` });
      const [one, two] = await stage.rows();
      expect(one?.session_id).toBe(session_id);
      expect(one?.correlation_id).not.toBe(two?.correlation_id);
    });

    test('engines agree on the correlation id of a cause', async (stage) => {
      const rows = await recorded(stage, [
        tool('PreToolUse'),
        { session_id: 'session-1', prompt_id: 'prompt-1', hook_event_name: 'Stop' },
        { session_id: 'session-1', hook_event_name: 'SessionStart' },
        { session_id: 'session-1', tool_name: 'sh', tool_input: { a: '1 2' } },
        { sessionId: 'session-1', toolName: 'sh', toolArgs: '{ "a": "1 2" }' },
      ]);
      const of = (word: string, id: string): string =>
        createHash('sha256').update(`session-1\0${word}\0${id}`).digest('hex').slice(0, 32);
      expect(rows.map((row) => row.correlation_id)).toEqual([
        of('tool', 'toolu_1'),
        of('prompt', 'prompt-1'),
        of('event', 'SessionStart'),
        of('call', 'sh\0{"a":"1 2"}'),
        of('call', 'sh\0{"a":"1 2"}'),
      ]);
    });

    test('the hook gets the ids of its row', async (stage) => {
      const outcome = await stage.wrapped(PRINT, { input: JSON.stringify(tool('PreToolUse')) });
      const row = await stage.onlyRow();
      expect(outcome.stdout.toString()).toMatch(
        new RegExp(`^${row.correlation_id} 00-${row.correlation_id}-${row.span_id}-[0-9a-f]{2}\n$`),
      );
    });

    test('a valid TRACEPARENT gives the trace and the parent', async (stage) => {
      const outcome = await stage.wrapped(PRINT, {
        input: JSON.stringify(tool('PreToolUse')),
        set: { TRACEPARENT: VALID },
      });
      const row = await stage.onlyRow();
      expect(row).toMatchObject({ correlation_id: TRACE, parent_span_id: PARENT });
      expect(row.span_id).not.toBe(PARENT);
      expect(outcome.stdout.toString()).toBe(`${TRACE} 00-${TRACE}-${row.span_id}-01\n`);
    });

    test('a TRACEPARENT of a later version is read by its first four fields', async (stage) => {
      await stage.wrapped(PRINT, { set: { TRACEPARENT: `cc-${TRACE}-${PARENT}-01-what-comes` } });
      expect(await stage.onlyRow()).toMatchObject({
        correlation_id: TRACE,
        parent_span_id: PARENT,
      });
    });

    for (const [what, TRACEPARENT] of Object.entries(INVALID)) {
      test(`an invalid TRACEPARENT is ignored: ${what}`, async (stage) => {
        const outcome = await stage.wrapped(PRINT, { set: { TRACEPARENT } });
        const row = await stage.onlyRow();
        expect(row.parent_span_id).toBeNull();
        expect(row.correlation_id.toLowerCase()).not.toBe(TRACE);
        expect(outcome.stdout.toString()).toContain(
          `${row.correlation_id} 00-${row.correlation_id}-${row.span_id}-`,
        );
      });
    }

    test('a hook inside a hook is its child', async (stage) => {
      const inner = [...engine.command, 'run', '--name', 'inner', '--', 'true'];
      await stage.wrapped(inner, { flags: ['--name', 'outer'] });
      const rows = await stage.rows();
      const outer = rows.find((row) => row.hook_name === 'outer');
      expect(rows.find((row) => row.hook_name === 'inner')).toMatchObject({
        correlation_id: outer?.correlation_id,
        parent_span_id: outer?.span_id,
      });
    });
  };
  topic(engine, 'correlation', 'concurrent', register, WRITTEN_BEFORE);
}

/** Payloads of clients whose calls have no id at the top. */
const CALLS = [
  ['Gemini CLI', 'gemini.BeforeTool.real', 'gemini.AfterTool.real'],
  ['Copilot CLI', 'copilot.preToolUse', 'copilot.postToolUse'],
  ['Copilot CLI with capital letters', 'copilot.PreToolUse.pascal', 'copilot.PostToolUse.pascal'],
  ['Droid', 'droid.PreToolUse', 'droid.PostToolUse'],
  ['Auggie', 'auggie.PreToolUse', 'auggie.PostToolUse'],
  ['Cline', 'cline.tool_call', 'cline.tool_result'],
] as const;

const PAYLOADS = new URL('../../fixtures/payloads/other-agents/', import.meta.url);

const read = (name: string): object =>
  JSON.parse(readFileSync(new URL(`${name}.json`, PAYLOADS), 'utf8'));

/** Runs a hook on each payload, one after another, and returns the rows in that order. */
async function recorded(
  stage: Stage,
  payloads: readonly object[],
  prefix = 'hook',
): Promise<LogRow[]> {
  for (const [index, payload] of payloads.entries()) {
    const flags = ['--name', `${prefix}-${index}`];
    expect(
      await stage.wrapped(['true'], { flags, input: `${JSON.stringify(payload)}\n` }),
    ).toMatchObject({ code: 0 });
  }
  const rows = (await stage.rows()).filter(({ hook_name }) => hook_name.startsWith(prefix));
  expect(rows).toHaveLength(payloads.length);
  return rows.sort((a, b) => a.hook_name.localeCompare(b.hook_name));
}
