/*
 * What hooks do in a session of a real client, one case for each call of a tool. Each case is run bare and wrapped, and
 * HookBus must make no difference to the client, to its model and to the tool.
 */

/** When a hook runs: before the call, after it, or when the agent stops. */
export type Moment = 'before' | 'after' | 'stop';

/** How a hook answers. */
export interface Answered {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface Scenario {
  readonly name: string;
  /** What the first hook of this moment answers. */
  readonly answers?: readonly [Moment, Answered];
  /** Else what hooks do, as lines for a shell, by their names: see `HOOKS`. */
  readonly lines?: Readonly<Partial<Record<HookId, string>>>;
  /** The tool gets this many bytes more. */
  readonly bytes?: number;
  /** What hooks and tool then say; a dialect may have something else. */
  readonly trace?: readonly string[];
}

/** `limited` has a limit of 1 s, and `twice` is in the settings twice. */
export const HOOKS = ['first', 'beside', 'limited', 'twice', 'after', 'stop'] as const;
export type HookId = (typeof HOOKS)[number];

export const answers = (moment: Moment, name: string, given: Answered): Scenario => ({
  name: `${moment}: ${name}`,
  answers: [moment, given],
});

export const json = (fields: object): string => JSON.stringify(fields);

const REFUSED: Answered = { code: 2, stderr: 'not this' };

const trace = (word: string): string => `echo "$hook ${word}" >>"$case/trace"`;

const waitsFor = (file: string): string =>
  `cat >/dev/null; i=0
until [ -f ${file} ] || [ $i -ge 300 ]; do i=$((i + 1)); sleep 0.1; done`;

/** Each of two hooks waits for the other, or the second sees that the first has ended. */
export const TOGETHER: Scenario = {
  name: 'two hooks of one event, side by side',
  lines: Object.fromEntries(
    [
      ['first', 'beside'],
      ['beside', 'first'],
    ].map(([hook, other]) => [
      hook,
      `: >"$case/${hook}.began"
${waitsFor(`"$case/${other}.began"`)}
[ ! -f "$case/${other}.began" ] || ${trace('is not alone')}`,
    ]),
  ),
  trace: ['beside is not alone', 'first is not alone', 'tool'],
};

export const IN_TURN: Scenario = {
  name: 'two hooks of one event, one after the other',
  lines: {
    first: `cat >/dev/null; sleep 0.5; : >"$case/first.ended"`,
    beside: `cat >/dev/null; [ ! -f "$case/first.ended" ] || ${trace('comes second')}`,
  },
  trace: ['beside comes second', 'tool'],
};

const SLOW = `cat >/dev/null
sleep 4
${trace('ends')}
exit 2`;

const BYTES = 1_500_000;

/** An answer after which the agent stops, so that it has a session of its own. */
export const CONTINUE_FALSE: Scenario = answers('before', 'continue false', {
  stdout: json({ continue: false, stopReason: 'halt here' }),
});

/** A session that this case may end. */
export const endingWith = (ending: Scenario): readonly Scenario[] => [
  answers('before', 'exit 2', REFUSED),
  ending,
  answers('before', 'nothing more', {}),
];

/** Cases in which clients differ. */
export const TWICE = 'the same hook twice';
export const NO_TERM = 'a hook past its limit that ignores SIGTERM';

/** For every client. */
export const SHARED: readonly Scenario[] = [
  answers('before', 'nothing', {}),
  answers('before', 'text', { stdout: 'all is well\n' }),
  answers('before', 'exit 2', REFUSED),
  answers('before', 'exit 2 without a word', { code: 2 }),
  answers('before', 'exit 1', { code: 1, stderr: 'not this' }),
  answers('before', 'exit 3', { code: 3, stderr: 'not this' }),
  answers('before', 'exit 127', { code: 127, stderr: 'not this' }),
  answers('after', 'exit 2', REFUSED),
  answers('after', 'exit 1', { code: 1, stderr: 'not this' }),
  {
    name: TWICE,
    lines: { twice: `cat >/dev/null; ${trace('runs')}` },
    trace: ['twice runs', 'twice runs', 'tool'],
  },
  { name: 'a hook past its limit', lines: { limited: SLOW }, trace: ['tool'] },
  { name: NO_TERM, lines: { limited: `trap '' TERM; ${SLOW}` }, trace: ['tool'] },
  {
    name: 'a child that keeps stdout open',
    lines: { first: `cat >/dev/null; (sleep 1; ${trace('is over')}) & exit 0` },
    trace: ['first is over', 'tool'],
  },
];

/** They go last, since the model is sent the long input again with each later request. */
export const LARGE: readonly Scenario[] = [
  {
    name: '1.5 MB on stdin',
    lines: { first: 'bytes=$(wc -c); [ $bytes -gt 1500000 ] && echo "got it all" >&2; exit 2' },
    bytes: BYTES,
    trace: [],
  },
  {
    name: '1.5 MB on stdin that are not read',
    lines: { first: 'echo "got nothing" >&2; exit 2' },
    bytes: BYTES,
    trace: [],
  },
];

/** The last one: the agent then goes on until it stops again. */
export const STOP = answers('stop', 'a block', {
  stdout: json({ decision: 'block', reason: 'go on' }),
});
