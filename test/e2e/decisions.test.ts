import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/domain/answer/decision.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import {
  type AnswerCase,
  answerOf,
  claudeOutcomes,
  hooksOf,
  type Outcome,
  rowOf,
} from './support/answering.ts';
import { findClaude } from './support/claude.ts';
import { codexStart, geminiSettings, geminiStart } from './support/client-starts.ts';
import { aClientHome, findDriven } from './support/one-call.ts';

/*
 * Real clients get answers of all kinds; HookBus reads each as the client acts on it. If a newer client acts otherwise, the
 * client is right, and src/agents/decisions/ is to be mended.
 */

const on = (event: string, cases: readonly Omit<AnswerCase, 'event'>[]): AnswerCase[] =>
  cases.map((one) => ({ event, ...one }));

const json = (fields: object): string => JSON.stringify(fields);
const specific = (event: string, fields: object, top: object = {}): string =>
  json({ ...top, hookSpecificOutput: { hookEventName: event, ...fields } });
const before = (fields: object, top?: object): string => specific('PreToolUse', fields, top);

const DENY = { permissionDecision: 'deny', permissionDecisionReason: 'not this' };
const BLOCK = { decision: 'block', reason: 'not this' };
const STOP = { continue: false, stopReason: 'halt here' };
const CONTEXT = { additionalContext: 'remember this' };
const request = (decision: object): string => specific('PermissionRequest', { decision });
const REFUSED = { code: 2, stderr: 'not this' };

/** The same on each event that reads `decision`. */
const BLOCKS = [
  { name: 'exit 2', ...REFUSED },
  { name: 'a block', stdout: json(BLOCK) },
  { name: 'a block at exit 1', code: 1, stdout: json(BLOCK) },
  { name: 'decision deny', stdout: json({ decision: 'deny', reason: 'not this' }) },
  { name: 'continue false', stdout: json(STOP) },
  { name: 'text after a block', stdout: `${json(BLOCK)}\ndone` },
];

const CLAUDE_CASES: readonly AnswerCase[] = [
  ...on('PreToolUse', [
    { name: 'nothing' },
    { name: 'exit 2', ...REFUSED },
    { name: 'exit 2 and broken JSON', ...REFUSED, stdout: '{"decision":' },
    { name: 'exit 2 and an allow', ...REFUSED, stdout: before({ permissionDecision: 'allow' }) },
    { name: 'exit 2 and continue false', ...REFUSED, stdout: json(STOP) },
    { name: 'exit 1', code: 1, stderr: 'not this' },
    { name: 'a denial', stdout: before(DENY) },
    { name: 'a denial at exit 1', code: 1, stdout: before(DENY) },
    { name: 'a block', stdout: json(BLOCK) },
    { name: 'a block beside an allow', stdout: before({ permissionDecision: 'allow' }, BLOCK) },
    { name: 'an approval', stdout: json({ decision: 'approve' }) },
    { name: 'an allow', stdout: before({ permissionDecision: 'allow' }) },
    { name: 'an ask', stdout: before({ permissionDecision: 'ask' }) },
    { name: 'continue false', stdout: json(STOP) },
    { name: 'continue false and a denial', stdout: before(DENY, STOP) },
    { name: 'continue false and an ask', stdout: before({ permissionDecision: 'ask' }, STOP) },
    { name: 'context', stdout: before(CONTEXT) },
    { name: 'a denial with context', stdout: before({ ...DENY, ...CONTEXT }) },
    { name: 'a changed input', stdout: before({ updatedInput: { command: 'touch a-changed' } }) },
    { name: 'the word block', stdout: before({ permissionDecision: 'block' }) },
    { name: 'another event', stdout: specific('PostToolUse', DENY) },
    { name: 'no event', stdout: json({ hookSpecificOutput: DENY }) },
    { name: 'a denial in the wrong place', stdout: json(DENY) },
    { name: 'decision deny', stdout: json({ decision: 'deny', reason: 'not this' }) },
    { name: 'decision null', stdout: before(DENY, { decision: null }) },
    { name: 'a number for a reason', stdout: json({ decision: 'block', reason: 1 }) },
    { name: 'broken JSON', stdout: '{"decision":"block",}' },
    { name: 'text after a denial', stdout: `${before(DENY)}\ndone` },
    { name: 'text before a denial', stdout: `checking\n${before(DENY)}` },
    { name: 'a byte order mark', stdout: `\ufeff${before(DENY)}` },
    { name: 'async', stdout: json({ async: true, ...BLOCK }) },
  ]),
  ...on('PermissionRequest', [
    { name: 'exit 2', ...REFUSED },
    { name: 'a denial', stdout: request({ behavior: 'deny', message: 'not this' }) },
    { name: 'an allow at exit 2', ...REFUSED, stdout: request({ behavior: 'allow' }) },
    { name: 'a block', stdout: json(BLOCK) },
    { name: 'continue false', stdout: json(STOP) },
  ]),
  ...on('PostToolUse', [
    ...BLOCKS.filter(({ name }) => name !== 'exit 2'),
    { name: 'context', stdout: specific('PostToolUse', CONTEXT) },
  ]),
  ...on('UserPromptSubmit', [
    ...BLOCKS,
    { name: 'text', stdout: 'remember this\n' },
    { name: 'text at exit 1', code: 1, stdout: 'remember this\n' },
    { name: 'context', stdout: specific('UserPromptSubmit', CONTEXT) },
    { name: 'a block with context', stdout: specific('UserPromptSubmit', CONTEXT, BLOCK) },
  ]),
  ...on('Stop', BLOCKS),
  // The last one: it ends the session.
  ...on('PreToolUse', [{ name: 'a defer', stdout: before({ permissionDecision: 'defer' }) }]),
];

/** What Claude Code did, in the words of a decision. The first call is allowed by a rule, the second is not. */
function claudeActed({ event }: AnswerCase, { result, requests, heard }: Outcome, ran: boolean[]) {
  const [first, second] = ran;
  const { terminal_reason: end, result: said = '' } = result;
  if (event === 'UserPromptSubmit') {
    if (said.startsWith('UserPromptSubmit operation blocked')) return 'deny';
    return said.startsWith('Operation stopped by hook') ? 'stop' : 'none';
  }
  if (event === 'Stop') {
    if (end === 'stop_hook_prevented') return 'stop';
    return requests > 1 ? 'deny' : 'none';
  }
  if (event === 'PostToolUse') {
    if (end === 'hook_stopped') return 'stop';
    return heard.includes('hook blocking error') ? 'deny' : 'none';
  }
  if (event === 'PermissionRequest') {
    if (second === true) return 'allow';
    return heard.includes('needs approval') ? 'none' : 'deny';
  }
  if (end === 'tool_deferred') return 'defer';
  if (first === true && end === 'hook_stopped') return 'stop';
  if (first === true) return second === true ? 'allow' : 'none';
  return heard.includes('hook error') || end === 'hook_stopped' ? 'deny' : 'ask';
}

/** What the model got has the reason of a refusal, and the context that was added. */
function expectHeard(answer: Answer, heard: string): void {
  if (answer.decision === 'deny') expect(heard).toContain(answer.reason);
  expect(heard.includes('remember this')).toBe(answer.contextChars > 0);
}

const recordOf = ({ event, code }: AnswerCase, answer: Answer) => ({
  event_type: event,
  exit_code: code ?? 0,
  decision: answer.decision,
  changes_input: Number(answer.changesInput),
  context_chars: answer.contextChars,
});

const CLAUDE = findClaude();
const WHY = typeof CLAUDE === 'string' ? ` (skipped: ${CLAUDE})` : '';

describe.skipIf(typeof CLAUDE === 'string')(`the real Claude Code${WHY}`, () => {
  let root = '';
  let seen: Awaited<ReturnType<typeof claudeOutcomes>>;

  beforeAll(async () => {
    if (typeof CLAUDE === 'string') throw new Error(CLAUDE);
    root = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-answers-')));
    const callsTools = (event: string): boolean => !['UserPromptSubmit', 'Stop'].includes(event);
    const cases = CLAUDE_CASES.map((one, index) => ({
      ...one,
      calls: callsTools(one.event) ? [`touch a-case-${index}`, `touch b-case-${index}`] : [],
    }));
    seen = await claudeOutcomes(CLAUDE, root, cases);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

  it.each(CLAUDE_CASES.map((one, index) => [`${one.event}: ${one.name}`, one, index] as const))(
    'acts as it is read on %s',
    (_title, one, index) => {
      const answer = answerOf('claude', one);
      const outcome = seen.outcomes[index];
      if (outcome === undefined) throw new Error('expected an outcome');
      const has = (file: string): boolean => existsSync(join(seen.project, file));
      const ran = [has(`a-case-${index}`), has(`b-case-${index}`)];
      if (answer.changesInput) expect([...ran, has('a-changed')]).toEqual([false, false, true]);
      else expect(claudeActed(one, outcome, ran)).toBe(answer.decision);
      const heard = `${outcome.heard}\n${outcome.result.result}`;
      if (outcome.result.terminal_reason === undefined || outcome.requests > 1)
        expectHeard(answer, heard);
      expect(outcome.row).toMatchObject(recordOf(one, answer));
    },
  );
});

/** For both: the tool ran, or the model got something else. */
const SHARED = [
  { name: 'nothing' },
  { name: 'exit 2', ...REFUSED },
  { name: 'exit 2 without a word', code: 2 },
  { name: 'exit 1', code: 1, stderr: 'not this' },
];

const CODEX_CASES: readonly AnswerCase[] = [
  ...on('PreToolUse', [
    ...SHARED,
    { name: 'a denial', stdout: before(DENY) },
    { name: 'a denial at exit 1', code: 1, stdout: before(DENY) },
    { name: 'a denial without a reason', stdout: before({ permissionDecision: 'deny' }) },
    { name: 'a block', stdout: json(BLOCK) },
    { name: 'a block without a reason', stdout: json({ decision: 'block' }) },
    { name: 'an unknown field', stdout: before(DENY, { x: 1 }) },
    { name: 'another event', stdout: specific('PostToolUse', DENY) },
    { name: 'no event', stdout: json({ hookSpecificOutput: DENY }) },
    { name: 'a denial in the wrong place', stdout: json(DENY) },
    { name: 'decision null', stdout: before(DENY, { decision: null }) },
    { name: 'continue false and a denial', stdout: before(DENY, STOP) },
    { name: 'a byte order mark', stdout: `\ufeff${before(DENY)}` },
    { name: 'text after a denial', stdout: `${before(DENY)}\ndone` },
  ]),
  ...on('PostToolUse', [
    { name: 'exit 2', ...REFUSED },
    { name: 'a block', stdout: json(BLOCK) },
    { name: 'a block without a reason', stdout: json({ decision: 'block' }) },
  ]),
];

const GEMINI_CASES: readonly AnswerCase[] = [
  ...on('BeforeTool', [
    ...SHARED,
    { name: 'exit 3', code: 3, stderr: 'not this' },
    { name: 'exit 2 and an allow', ...REFUSED, stdout: json({ decision: 'allow' }) },
    { name: 'a denial', stdout: json({ decision: 'deny', reason: 'not this' }) },
    { name: 'a denial at exit 1', code: 1, stdout: json(BLOCK) },
    { name: 'a denial on stderr', stderr: json(BLOCK) },
    { name: "Claude Code's words", stdout: before(DENY) },
    { name: 'the word DENY', stdout: json({ decision: 'DENY', reason: 'not this' }) },
    { name: 'broken JSON', stdout: '{"decision":"deny"' },
    { name: 'text after a denial', stdout: `${json(BLOCK)}\ndone` },
  ]),
  ...on('AfterTool', [
    { name: 'exit 2', ...REFUSED },
    { name: 'context', stdout: specific('AfterTool', CONTEXT) },
  ]),
];

const CLIENTS = [
  {
    agent: 'codex',
    cases: CODEX_CASES,
    start: codexStart,
    settings: (hooks: object) => ({ hooks }),
  },
  { agent: 'gemini', cases: GEMINI_CASES, start: geminiStart, settings: geminiSettings },
] as const;

describe.each(CLIENTS.map((client) => [client.agent, client] as const))(
  'the real %s',
  (_, { agent, cases, start, settings }) => {
    const driven = findDriven(agent);

    it.skipIf(typeof driven === 'string')(
      'acts on each answer as it is read',
      { timeout: 120_000 },
      async ({ onTestFinished }) => {
        const lines = cases.map((_, index) => `echo ran case-${index}`);
        const how = start(lines);
        const env = { ...how.env, HOOKBUS_STORE_RAW: '1' };
        const hooks = hooksOf(cases, temporaryDirectory());
        const home = aClientHome(driven, { ...how, env }, settings(hooks));
        onTestFinished(home.leave);
        await home.install();
        const { received, stderr } = await home.session();
        expect(received, stderr).toHaveLength(cases.length);
        const rows = await home.rows();
        for (const [index, one] of cases.entries()) {
          const answer = answerOf(agent, one);
          const heard = received[index] ?? '';
          const isRefused = !heard.includes(`ran case-${index}\\n`);
          expect({ ...one, isRefused }, heard).toEqual({
            ...one,
            isRefused: answer.decision === 'deny',
          });
          expectHeard(answer, heard);
          const row = rowOf(rows, one, index);
          expect(row).toMatchObject(recordOf(one, answer));
        }
      },
    );
  },
);
