import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LAUNCHER } from '../../support/daemon.ts';
import type { Dialect, HookLine } from './dialects.ts';
import {
  aClientHome,
  aClientRoot,
  type Driven,
  type Ended,
  type Row,
  type ToolUse,
} from './one-call.ts';
import { HOOKS, type HookId, type Moment, type Scenario } from './scenarios.ts';

/** The hooks of each moment, in the order of the settings. */
const HOOKS_AT: Readonly<Record<Moment, readonly HookId[]>> = {
  before: ['first', 'beside', 'limited', 'twice', 'twice'],
  after: ['after'],
  stop: ['stop'],
};

/** The hook that answers for a moment. */
export const answering = (moment: Moment): HookId => (moment === 'before' ? 'first' : moment);

/** What came of one case. */
export interface Outcome {
  /** What the model received for the call. */
  readonly received: string | undefined;
  /** What hooks and tool said in turn; side by side, the order between two hooks is not given. */
  readonly trace: readonly string[];
  /** The hooks that ran. */
  readonly runs: readonly string[];
  readonly tookMs: number | undefined;
}

export interface Played {
  readonly ended: Ended;
  readonly outcomes: readonly Outcome[];
  readonly conversation: string;
  readonly rows: readonly Row[];
}

/** Writes what hooks and tool do in each case, and gives the calls of the model. */
function writeCases(root: string, dialect: Dialect, scenarios: readonly Scenario[]): ToolUse[] {
  const [place, project] = [join(root, 'cases'), join(root, 'pro j')];
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'now'), '0\n');
  for (const hook of HOOKS)
    copyFileSync(join(import.meta.dirname, 'case-hook.sh'), join(place, hook));
  return scenarios.map((scenario, index) => {
    const at = join(place, `case-${index}`);
    mkdirSync(at);
    for (const [hook, text] of Object.entries(linesOf(at, scenario)))
      writeFileSync(join(at, hook), text);
    const tool = `#!/bin/sh\necho tool "$@" >>${at}/trace\necho "ran case-${index}" "$@"\n`;
    writeFileSync(join(at, 'tool'), tool, { mode: 0o755 });
    return scenario.bytes === undefined
      ? dialect.runs(join(at, 'tool'))
      : dialect.writes(join(project, `case-${index}`), 'A'.repeat(scenario.bytes));
  });
}

/** An answer on stop is given once: the agent goes on until it may stop. */
function linesOf(at: string, { answers, lines }: Scenario): Readonly<Record<string, string>> {
  if (answers === undefined) return lines ?? {};
  const [moment, { code = 0, stdout = '', stderr = '' }] = answers;
  const once = moment === 'stop' ? '[ ! -f "$case/over" ] || exit 0; : >"$case/over"\n' : '';
  const say = (text: string): string => `printf %s ${shellWord(text.replaceAll('CASE', at))}`;
  const text = `cat >/dev/null\n${once}${say(stdout)}\n${say(stderr)} >&2\nexit ${code}\n`;
  return { [answering(moment)]: text };
}

/** Bare, wrapped, or wrapped on a machine without HookBus, as a project's settings may be. */
export type Form = 'bare' | 'wrapped' | 'guarded';

/** A session of a client with these scenarios, in a home of its own. */
export async function play(
  driven: Driven | string,
  dialect: Dialect,
  scenarios: readonly Scenario[],
  form: Form,
  scope: 'user' | 'project' = 'user',
): Promise<Played> {
  const root = aClientRoot();
  const [place, bin] = [join(root, 'cases'), join(root, 'home', 'bin')];
  const tools = writeCases(root, dialect, scenarios);
  const lineOf = (hook: HookId): HookLine => ({
    command: join(place, hook),
    ...(hook === 'limited' ? { limitSeconds: 1 } : {}),
  });
  const hooks = (['before', 'after', 'stop'] as const).map((moment) => [
    dialect.events[moment],
    HOOKS_AT[moment].map(lineOf),
  ]);
  const home = aClientHome(
    driven,
    {
      ...dialect.start([]),
      tools,
      ...(scope === 'project' ? { shared: dialect.shared } : {}),
      env: { ...dialect.start([]).env, HOOKBUS_STORE_RAW: '1', PATH: `${bin}:${otherPath()}` },
    },
    dialect.settings(Object.fromEntries(hooks)),
    root,
  );
  if (form === 'wrapped') {
    mkdirSync(bin);
    symlinkSync(LAUNCHER, join(bin, 'hookbus'));
  }
  try {
    if (form !== 'bare') {
      await home.install();
      if (!home.settings().includes('hookbus')) throw new Error('nothing is wrapped');
    }
    const ended = await home.session(join(place, 'now'));
    return {
      ended,
      outcomes: scenarios.map((_, index) => outcomeIn(root, index, ended)),
      conversation: plain(root, ended.conversation),
      rows: await home.rows(),
    };
  } finally {
    home.leave();
  }
}

/** PATH without another HookBus. */
const otherPath = (): string =>
  (process.env['PATH'] ?? '')
    .split(':')
    .filter((directory) => !existsSync(join(directory, 'hookbus')))
    .join(':');

function outcomeIn(root: string, index: number, { received, tookMs }: Ended): Outcome {
  const linesIn = (name: string): string[] => {
    const file = join(root, 'cases', `case-${index}`, name);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  };
  const heard = received[index];
  return {
    received: heard === undefined ? undefined : plain(root, heard),
    trace: inTurn(linesIn('trace')),
    // Its limit may end this one before it says that it runs.
    runs: linesIn('runs')
      .filter((hook) => hook !== 'limited')
      .toSorted(),
    tookMs: tookMs[index],
  };
}

const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Sorts what was said before the tool ran, and what was said after it. */
function inTurn(lines: readonly string[]): string[] {
  const tool = lines.findIndex((line) => line.startsWith('tool'));
  if (tool < 0) return lines.toSorted();
  return [
    ...lines.slice(0, tool).toSorted(),
    ...lines.slice(tool, tool + 1),
    ...lines.slice(tool + 1).toSorted(),
  ];
}

/** Without what differs between any two sessions: paths, ids, times. */
function plain(root: string, text: string): string {
  return (
    text
      .replaceAll(root, 'ROOT')
      .replace(/A{100,}/g, 'A…')
      // Qwen Code now and then loses what a tool says that ends at once.
      .replace(/(case-\d+)(\/tool\b[^"]*?Output: )\(empty\)/g, '$1$2ran $1')
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
      .replace(/Chunk ID: [0-9a-f]+/g, 'Chunk ID')
      .replace(/\d+(?:\.\d+)?/g, 'N')
  );
}
