import { beforeAll, describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/agents/decisions/read-answer.ts';
import type { Answer } from '../../../src/domain/answer/decision.ts';
import { answering, type Outcome, type Played, play } from './alike.ts';
import type { Dialect } from './dialects.ts';
import type { Driven, Row } from './one-call.ts';
import {
  CONTINUE_FALSE,
  endingWith,
  IN_TURN,
  LARGE,
  type Scenario,
  SHARED,
  STOP,
  TOGETHER,
} from './scenarios.ts';

/** A session with all cases takes seconds, where a machine is busy minutes. */
const TIMEOUT_MS = 560_000;

/** One session bare and one wrapped, and what is on record of it. */
export function describeAlike(driven: Driven | string, dialect: Dialect): void {
  const why = typeof driven === 'string' ? ` (skipped: ${driven})` : '';
  const order = dialect.isInTurn === true ? IN_TURN : TOGETHER;
  const cases = [...SHARED, order, ...dialect.answers, ...LARGE, STOP];

  describe.skipIf(typeof driven === 'string')(`hooks of the real ${dialect.agent}${why}`, () => {
    let [bare, wrapped]: readonly Played[] = [];

    beforeAll(async () => {
      const forms = ['bare', 'wrapped'] as const;
      const sessions = forms.map((form) => play(driven, dialect, cases, form));
      [bare, wrapped] = await Promise.all(sessions);
    }, TIMEOUT_MS);

    const both = (index: number): readonly [Outcome, Outcome, Row[]] => {
      const [one, other] = [bare?.outcomes[index], wrapped?.outcomes[index]];
      if (one === undefined || other === undefined) throw new Error('no session');
      const rows = rowsOf(wrapped?.rows ?? [], index);
      // What a client says when it stops does not name the case.
      const stops = wrapped?.rows.filter((row) => row.hook_name === 'stop') ?? [];
      return [one, other, index === cases.length - 1 ? [...rows, ...stops] : rows];
    };

    it.each(cases.map((one, index) => [one.name, one, index] as const))(
      'make no difference by being wrapped: %s',
      (_name, one, index) => {
        const [{ tookMs: _, ...expected }, { tookMs: __, ...actual }, rows] = both(index);
        expect(actual, wrapped?.ended.stderr).toEqual(expected);
        const recorded = rows.map((row) => row.hook_name).filter((name) => name !== 'limited');
        // Of a long payload that a hook does not read, the part with the case may be missing.
        if (one.bytes === undefined) expect(recorded.toSorted()).toEqual(actual.runs);
        else expect(actual.runs).toEqual(expect.arrayContaining(recorded));
        expectRead(dialect, one, actual, rows);
      },
    );

    it('make no difference to all that the model received', () => {
      expect(bare?.conversation).toContain('go on');
      expect(wrapped?.ended.code).toBe(bare?.ended.code);
      expect(wrapped?.conversation).toBe(bare?.conversation);
    });

    it('do not take the client much longer', () => {
      const sum = (played?: Played) =>
        (played?.outcomes ?? []).reduce((all, { tookMs = 0 }) => all + tookMs, 0);
      expect(sum(wrapped) / sum(bare)).toBeLessThan(2);
    });

    it('are on record with one correlation id before and after a call', () => {
      // Where a machine is busy, a hook starts before all of a long input is there, and so its id. Without an id, name
      // and input of the tool have to be the same before and after.
      const calls = cases.slice(0, -1).filter(({ bytes }, index) => {
        const isChanged = both(index)[1].trace.includes('tool changed');
        return bytes === undefined && (dialect.hasCallId === true || !isChanged);
      });
      const odd: string[] = [];
      const ids = calls.map((one) => {
        const found = both(cases.indexOf(one))[2].map((row) => `${row.correlation_id}`);
        const [most = ''] = found.toSorted((x, y) => countOf(found, y) - countOf(found, x));
        odd.push(
          ...found.filter((id) => id !== most).map((id) => `${one.name}: ${id}, not ${most}`),
        );
        return most;
      });
      // A payload that comes more than 7 ms after the start is too late for the id.
      expect(odd.length, odd.join('\n')).toBeLessThanOrEqual(2);
      expect(new Set(ids).size).toBe(calls.length);
    });

    it.each([CONTINUE_FALSE, ...(dialect.endings ?? [])].map((one) => [one.name, one] as const))(
      'make no difference in a session that ends after: %s',
      async (_name, ending) => {
        const forms = ['bare', 'wrapped', 'guarded'] as const;
        const played = await Promise.all(
          forms.map((form) => play(driven, dialect, endingWith(ending), form, 'project')),
        );
        const [expected, ...others] = played.map(({ outcomes, conversation, ended }) => ({
          outcomes: outcomes.map((outcome) => ({ ...outcome, tookMs: 0 })),
          conversation,
          code: ended.code,
        }));
        expect(expected?.outcomes[0]?.trace).toEqual([]);
        for (const other of others) expect(other).toEqual(expected);
        // On a machine without HookBus there are none.
        expect(played.map(({ rows }) => rows.length > 0)).toEqual([false, true, false]);
      },
      TIMEOUT_MS,
    );

    it('are on record with a duration where the limit of the client ended them', () => {
      // The payload of a hook that was killed is not stored, and so not the case.
      const rows = (wrapped?.rows ?? []).filter(({ hook_name }) => hook_name === 'limited');
      const ended = rows.filter(({ status }) => status !== 'success');
      expect(ended.length).toBeGreaterThanOrEqual(2);
      for (const { duration_ms } of ended) expect(duration_ms).toBeGreaterThanOrEqual(900);
    });
  });
}

const countOf = (all: readonly string[], one: string): number =>
  all.filter((other) => other === one).length;

/** The rows of the hooks around a call, whose line has the number of the case. */
const rowsOf = (rows: readonly Row[], index: number): Row[] =>
  rows.filter(({ stdin }) => /case-(\d+)/.exec(`${stdin}`)?.[1] === `${index}`);

/** The client acted on the answer as HookBus reads it. */
function expectRead(
  dialect: Dialect,
  one: Scenario,
  { trace, received }: Pick<Outcome, 'trace' | 'received'>,
  rows: readonly Row[],
): void {
  if (one.answers === undefined) {
    expect(trace).toEqual(dialect.traces?.[one.name] ?? one.trace);
    return;
  }
  const [moment, { code, stdout, stderr }] = one.answers;
  const row = rows.find(({ hook_name }) => hook_name === answering(moment));
  const answer = readAnswer(dialect.agent, {
    eventType: row?.event_type ?? '',
    exitCode: code ?? 0,
    stdout: Buffer.from(stdout ?? ''),
    isComplete: true,
    stderr: stderr ?? '',
  });
  expect(row).toMatchObject({
    exit_code: code ?? 0,
    decision: answer.decision,
    changes_input: Number(answer.changesInput),
    context_chars: answer.contextChars,
  });
  if (moment === 'before') expectActed(answer, trace);
  // Copilot CLI does not pass on what a hook says on stderr.
  if (
    answer.decision === 'deny' &&
    answer.reason !== undefined &&
    stdout !== undefined &&
    moment !== 'stop'
  )
    expect(received).toContain(answer.reason);
}

function expectActed({ decision, changesInput }: Answer, trace: readonly string[]): void {
  if (decision === 'ask') return;
  if (decision === 'deny') expect(trace).toEqual([]);
  else expect(trace).toEqual([changesInput ? 'tool changed' : 'tool']);
}
