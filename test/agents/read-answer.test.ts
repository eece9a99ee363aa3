import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../src/agents/decisions/read-answer.ts';
import { AGENTS, type Agent, type Answer } from '../../src/domain/answer/decision.ts';
import { isRefusal } from '../../src/domain/answer/refusal.ts';
import { EVENT_NAMES } from '../../src/domain/events.ts';
import { EFFORT, SEED } from '../support/effort.ts';
import { createRandom, mutate } from '../support/random.ts';

interface Vector {
  readonly name: string;
  readonly agent?: Agent;
  readonly event: string;
  readonly exit_code: number | null;
  readonly stdout: string;
  readonly stderr?: string;
  readonly decision: string;
  readonly reason?: string;
  readonly changes_input?: boolean;
  readonly context_chars?: number;
  /** A part of the warning. */
  readonly warning?: string;
}

const vectors = (name: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${name}`, import.meta.url), 'utf8'));

const VECTORS = vectors('answers.json');

const read = (
  agent: Agent | undefined,
  eventType: string,
  exitCode: number | null,
  stdout: string | Uint8Array,
  { stderr = '', isComplete = true } = {},
): Answer =>
  readAnswer(agent, {
    eventType,
    exitCode: exitCode ?? undefined,
    stdout: Buffer.from(stdout),
    isComplete,
    stderr,
  });

const READERS = [...AGENTS, undefined];

const specific = (event: string, fields: object): string =>
  JSON.stringify({ hookSpecificOutput: { hookEventName: event, ...fields } });

describe('an answer', () => {
  it.each(VECTORS)('is read as $agent reads it: $event, $name', (vector) => {
    const { agent, event, exit_code, stdout, stderr } = vector;
    const { warning, ...answer } = read(agent, event, exit_code, stdout, { stderr: stderr ?? '' });
    expect(answer).toEqual({
      decision: vector.decision,
      changesInput: vector.changes_input ?? false,
      contextChars: vector.context_chars ?? 0,
      ...(vector.reason === undefined ? {} : { reason: vector.reason }),
    });
    if (vector.warning === undefined) expect(warning).toBeUndefined();
    else expect(warning).toContain(vector.warning);
  });

  it('is nothing if a hook succeeds in silence, which no recording asks about', () => {
    const events = [
      ...[...EVENT_NAMES, 'PreModelRequest', 'BeforeTool', 'SessionEnd', 'preToolUse', 'agentStop'],
      ...['beforeShellExecution', 'beforeSubmitPrompt', 'stop', 'NobodyKnows', ''],
    ];
    const silence = { exitCode: 0, stdout: new Uint8Array(), isComplete: true, stderr: '' };
    for (const agent of [...AGENTS, undefined]) {
      for (const eventType of events) {
        expect(readAnswer(agent, { eventType, ...silence }), `${agent} ${eventType}`).toEqual({
          decision: 'none',
          changesInput: false,
          contextChars: 0,
        });
      }
    }
  });

  it('has no warning that tells what the hook said', () => {
    const secret = 'hunter2 '.repeat(9);
    const fields = ['decision', 'permissionDecision', 'permission', 'behavior', secret];
    for (const agent of READERS)
      for (const field of fields)
        for (const text of [
          JSON.stringify({ [field]: secret }),
          specific('PreToolUse', { [field]: secret }),
          specific(secret, { permissionDecision: 'deny' }),
        ]) {
          const { warning = '' } = read(agent, 'PreToolUse', 0, text);
          expect(warning).not.toContain('hunter2');
          expect(warning.length).toBeLessThan(160);
        }
  });
});

describe('an answer of which only the start is known', () => {
  const start = (fields: object, agent: Agent = 'claude', event = 'PreToolUse'): Answer => {
    const text = JSON.stringify(fields);
    return read(agent, event, 0, `${text.slice(0, -1)},"x":"${'y'.repeat(300)}`, {
      isComplete: false,
    });
  };

  it('is the refusal that stands there', () => {
    const said = { hookEventName: 'PreToolUse', permissionDecision: 'deny' };
    expect(start({ hookSpecificOutput: said })).toMatchObject({ decision: 'deny' });
    expect(start({ decision: 'deny', reason: 'no' }, 'gemini', 'BeforeTool')).toMatchObject({
      decision: 'deny',
      reason: 'no',
    });
  });

  it.each([
    [
      'an allow',
      { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow' } },
    ],
    ['nothing', { systemMessage: 'hello' }],
  ])('is not taken for %s', (_what, fields) => {
    const answer = start(fields);
    expect(answer).toMatchObject({ decision: 'none' });
    expect(answer.warning).toContain('too long');
  });

  it('is nothing to warn of where nothing can be refused', () => {
    const said = { hookEventName: 'SessionStart', additionalContext: 'see' };
    const answer = start({ hookSpecificOutput: said }, 'claude', 'SessionStart');
    expect(answer).toEqual({ decision: 'none', changesInput: false, contextChars: 3 });
  });

  it('is the refusal of the exit code', () => {
    const cut = { stderr: 'no', isComplete: false };
    for (const agent of ['claude', 'codex', 'qwen'] as const)
      expect(read(agent, 'PreToolUse', 2, '{"systemMessage":"hel', cut)).toMatchObject({
        decision: 'deny',
        reason: 'no',
      });
  });

  it('is a text of which nothing is known, and no JSON of Gemini CLI on stderr', () => {
    const cut = { stderr: '{"decision":"allow"}', isComplete: false };
    const denied = { decision: 'deny', changesInput: false, contextChars: 0 };
    expect(read('gemini', 'BeforeTool', 2, '', cut)).toEqual(denied);
    expect(read('gemini', 'BeforeTool', 0, '', cut)).toMatchObject({ decision: 'none' });
  });

  it('has no word that was cut', () => {
    const cut = (text: string) => read('claude', 'PreToolUse', 0, text, { isComplete: false });
    const whole = specific('PreToolUse', { permissionDecision: 'deny' });
    for (let length = 1; length < whole.length - 1; length += 1) {
      const { decision, warning } = cut(whole.slice(0, length));
      expect(['none', 'deny']).toContain(decision);
      if (decision === 'none') expect(warning).toContain('too long');
    }
  });

  it('adds the context as far as it is known', () => {
    const text = specific('PostToolUse', { additionalContext: '\u00e9"\\🪝'.repeat(3000) });
    for (const bytes of [4000, 4001, 4002, 4003, 4004, 4005, 16_384]) {
      const stdout = Buffer.from(text).subarray(0, bytes);
      const { contextChars } = read('claude', 'PostToolUse', 0, stdout, { isComplete: false });
      expect(contextChars).toBeGreaterThan(bytes / 3);
      expect(contextChars).toBeLessThanOrEqual(Math.min(bytes, 10_000));
    }
  });

  it('is broken if it is already', () => {
    const broken = [`{"decision":"block"}x`, `{"decision":"block",}`, `{"decision":}`, `{]`];
    for (const text of broken) {
      const { decision, warning } = read('claude', 'PreToolUse', 0, text, { isComplete: false });
      expect({ text, decision }).toEqual({ text, decision: 'none' });
      expect(warning).toMatch(/not valid JSON|text follows|too long/);
    }
  });
});

describe('hostile output', () => {
  // More than the start of stdout that is kept.
  const deep = 20_000;
  it.each([
    ['arrays in arrays', `{"x":${'['.repeat(deep)}`],
    ['whole arrays in arrays', `{"x":${'['.repeat(deep)}${']'.repeat(deep)}}`],
    ['objects in objects', '{"a":'.repeat(deep)],
    ['one long text', `{"decision":"${'\\\\'.repeat(deep)}`],
    ['quotes', `{${'"'.repeat(deep)}`],
    ['backslashes', `{"${'\\'.repeat(deep)}`],
    ['a huge reason', JSON.stringify({ decision: 'block', reason: 'x'.repeat(deep) })],
    ['lone surrogates', '{"decision":"block","reason":"\\ud800\\udc00\\ud800"}'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x22, 0x80])],
    ['NUL', '\0{"decision":"block"}\0'],
    ['odd names', '{"constructor":1,"__proto__":null,"toString":{"x":[]},"hookSpecificOutput":1}'],
    ['numbers for texts', '{"decision":1,"reason":1,"hookSpecificOutput":{"hookEventName":1}}'],
  ])('is read without an error: %s', (_what, stdout) => {
    for (const agent of READERS)
      for (const event of ['PreToolUse', 'preToolUse', 'BeforeTool', 'constructor', ''])
        for (const isComplete of [true, false])
          for (const code of [0, 1, 2, null]) {
            const answer = read(agent, event, code, stdout, { isComplete });
            expect(answer.contextChars).toBeGreaterThanOrEqual(0);
          }
  });

  it('never has a decision beside a warning', () => {
    const random = createRandom(SEED);
    for (let tries = 3000 * EFFORT; tries > 0; tries -= 1) {
      const vector = VECTORS[random(VECTORS.length)];
      if (vector === undefined) throw new Error('expected a vector');
      const stdout = mutate(Buffer.from(vector.stdout.slice(0, 400)), random);
      const answer = read(READERS[random(READERS.length)], vector.event, random(4), stdout, {
        isComplete: random(2) === 0,
      });
      if (answer.warning !== undefined) expect(answer.decision).toBe('none');
    }
  });
});

describe('a refusal that duplicates may share', () => {
  const EVENTS = [
    ...EVENT_NAMES,
    ...['BeforeTool', 'AfterAgent', 'BeforeToolSelection', 'beforeShellExecution'],
    ...['afterFileEdit', 'preToolUse', 'permissionRequest', 'stop', 'NewEvent', 'newEvent', ''],
  ];
  const isRead = (event: string, code: number, stdout: Uint8Array): boolean =>
    READERS.some((agent) => ['deny', 'stop'].includes(read(agent, event, code, stdout).decision));

  it.each(vectors('refusal.json'))(
    'is one for some agent: $name',
    ({ event, exit_code, stdout }) => {
      const bytes = Buffer.from(stdout);
      if (isRefusal(event, exit_code, bytes))
        expect(isRead(event, exit_code ?? 0, bytes)).toBe(true);
    },
  );

  it('is one for some agent, whatever a hook says', () => {
    const random = createRandom(SEED);
    const one = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
    const WORDS = ['block', 'deny', 'allow', 'approve', 'ask', null, 1, undefined, undefined];
    let refusals = 0;
    for (let tries = 20_000 * EFFORT; tries > 0; tries -= 1) {
      const event = one(EVENTS);
      const stdout = Buffer.from(
        JSON.stringify({
          continue: one([true, false, null, 'false', undefined, undefined]),
          decision: one(WORDS),
          permission: one([undefined, undefined, one(WORDS)]),
          permissionDecision: one([undefined, undefined, one(WORDS)]),
          behavior: one([undefined, undefined, one(WORDS)]),
          hookSpecificOutput: one([
            undefined,
            null,
            [],
            {
              hookEventName: one([event, event, 'Stop', undefined]),
              permissionDecision: one(WORDS),
              decision: one([undefined, null, 'deny', { behavior: one(WORDS) }]),
            },
          ]),
        }),
      );
      const code = one([0, 0, 1, 2]);
      if (!isRefusal(event, code, stdout)) continue;
      refusals += 1;
      expect(isRead(event, code, stdout), `${event} ${code} ${stdout}`).toBe(true);
    }
    expect(refusals).toBeGreaterThan(1000);
  });
});
