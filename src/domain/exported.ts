import type { Agent, Decision } from './answer/decision.ts';
import type { Status } from './execution.ts';

/**
 * The parts of an execution that may leave the machine: no payload, error text, reason of a decision, command argument or
 * directory.
 */
export interface ExportedExecution {
  /** 32 hex digits; OpenTelemetry's trace id. */
  readonly correlationId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName: string | undefined;
  readonly sessionId: string | undefined;
  /** The base name of the program; undefined if the command line does not show it safely. */
  readonly program: string | undefined;
  readonly status: Status;
  /** Undefined if it is not known. */
  readonly decision: Decision | undefined;
  readonly agent: Agent | undefined;
  readonly subagent: string | undefined;
  /** The base name of the project's directory; or a digest of it, where config.json does not ask for the name. */
  readonly project: string | undefined;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly durationMs: number | undefined;
  readonly overheadMs: number | undefined;
  readonly stdinBytes: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly hasDedupeKey: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
}

/** What a log record adds to a span: words, without secrets. */
export interface LoggedExecution extends ExportedExecution {
  readonly executionId: string;
  readonly error: string | undefined;
  readonly decisionReason: string | undefined;
  readonly scriptDigest: string | undefined;
  readonly isSkippedGuard: boolean;
}

/** Stands for all names above the limit. */
export const OTHER = 'other';

/** How many hooks, events and projects get a name of their own in metrics. Each name is a series that never goes away. */
export const MAX_HOOKS = 100;
const MAX_EVENTS = 50;
export const MAX_PROJECTS = 50;

/** How many combinations of hook, event, agent and project have a series of their own. A histogram has 18 series for each. */
export const MAX_COMBINATIONS = 500;

/** Longer names are truncated. */
const MAX_NAME_LENGTH = 100;

/** Makes a name safe to show anywhere: truncates it and replaces characters that cannot be seen. */
export function plainName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '_');
}

/**
 * Passes the first `max` names through and returns `other` for the rest.
 * @param known names seen before
 */
function boundNames(max: number, known: Iterable<string> = []) {
  const names = new Set(known);
  return (name: string): string => {
    const short = plainName(name);
    if (names.has(short)) return short;
    if (names.size >= max) return OTHER;
    names.add(short);
    return short;
  };
}

/** What metrics tell apart, besides status and decision. */
export interface MetricNames {
  readonly hookName: string;
  readonly eventType: string;
  /** Empty if it is not known. */
  readonly agent: string;
  /** The base name of the project's directory, or a label for it; empty if it is not known. */
  readonly project: string;
}

/**
 * Passes the first hooks, events, projects and combinations through, and returns `other` for the rest: agent and project
 * of a combination above the limit.
 * @param known combinations seen before
 */
export function boundMetricNames(known: readonly MetricNames[] = []) {
  const hookOf = boundNames(
    MAX_HOOKS,
    known.map(({ hookName }) => hookName),
  );
  const eventOf = boundNames(
    MAX_EVENTS,
    known.map(({ eventType }) => eventType),
  );
  const projectOf = boundNames(
    MAX_PROJECTS,
    known.map(({ project }) => project).filter((project) => project !== ''),
  );
  const combinations = new Set(known.filter(isCombination).map(keyOf));
  return ({ hookName, eventType, agent = '', project = '' }: RawNames): MetricNames => {
    const bounded = {
      hookName: hookOf(hookName),
      eventType: eventOf(eventType),
      agent,
      project: project === '' ? '' : projectOf(project),
    };
    if (!isCombination(bounded) || combinations.has(keyOf(bounded))) return bounded;
    if (combinations.size >= MAX_COMBINATIONS) return { ...bounded, agent: OTHER, project: OTHER };
    combinations.add(keyOf(bounded));
    return bounded;
  };
}

type RawNames = Pick<ExportedExecution, 'hookName' | 'eventType'> & {
  readonly agent?: string | undefined;
  readonly project?: string | undefined;
};

/** Without agent and project, as in counts from before they were known, the limits of hooks and events are enough. */
const isCombination = ({ agent, project }: MetricNames): boolean =>
  agent !== OTHER && agent + project !== '';

const keyOf = ({ hookName, eventType, agent, project }: MetricNames): string =>
  [hookName, eventType, agent, project].join('\0');

/** The last name of a directory. */
export function baseName(directory: string): string | undefined {
  return directory.split(/[\\/]/).at(-1) || undefined;
}

/**
 * The program of a command line, without its directory. Undefined unless the first word is plain: an assignment, a quoted
 * word or a piece of shell may hold something that must not leave the machine.
 */
export function programOf(command: string): string | undefined {
  const [word = ''] = command.split(/\s/, 1);
  if (!/^[\w@%+.,/-]+$/.test(word)) return undefined;
  return baseName(word);
}
