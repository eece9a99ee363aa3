import { AGENT_VARIABLES } from '../agents/recognize.ts';
import { DECISIONS } from '../domain/answer/decision.ts';
import { STATUSES } from '../domain/execution.ts';
import { isHomeUsable, type StatePaths, stateHome, statePaths } from './home/paths.ts';
import { MAX_DAYS, MAX_PAYLOAD_CAP, MAX_TTL_SECONDS } from './limits.ts';
import { toWarning, trim, wordsOf } from './warnings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with a state directory, in a sentence, and what to do about it. */
export interface HomeProblem {
  readonly home: string;
  readonly what: string;
  readonly fix: string;
}

/** The settings in force. docs/settings.md explains each. */
export interface Settings {
  readonly enabled: boolean;
  readonly maxBytes: number;
  readonly compress: boolean;
  readonly storeRaw: boolean;
  /** With `storeRaw`: the decisions and statuses whose payloads are stored; absent: all. */
  readonly storeOnly?: readonly string[];
  readonly redact: boolean;
  readonly dedupeTtlSeconds: number;
  /** Whether keys may be shared with other machines, if config.json names a key server. */
  readonly sharesKeys: boolean;
  readonly retentionDays: number;
  /** Whether the environment sets it. */
  readonly isRetentionGiven: boolean;
  readonly daemon: 'auto' | 'off';
  readonly debug: boolean;
  /** Undefined if neither `HOOKBUS_HOME` nor `HOME` gives a directory, or `homeProblem` is set: then nothing is recorded. */
  readonly paths: StatePaths | undefined;
  /** Why the state directory cannot be used; undefined if it can, or if nobody checked (state-home.ts). */
  readonly homeProblem?: HomeProblem;
  /** Invalid values, one sentence each; their defaults are in force. */
  readonly problems: readonly string[];
}

export const DEFAULTS = {
  maxBytes: 200_000,
  dedupeTtlSeconds: 3600,
  retentionDays: 7,
} as const;

/** Reads the settings from the environment; the only reader of it. Never throws. */
export function readSettings(env: Environment = process.env): Settings {
  const problems: string[] = [];
  const read = createReader(env, problems);
  const home = stateHome(env);
  if (!isHomeUsable(env)) {
    problems.push(wordsOf(toWarning('HOOKBUS_HOME', env['HOOKBUS_HOME'])));
  }
  return {
    enabled: read.flag('HOOKBUS_ENABLED', false),
    maxBytes: read.count('HOOKBUS_MAX_BYTES', DEFAULTS.maxBytes, 0, MAX_PAYLOAD_CAP),
    compress: read.flag('HOOKBUS_COMPRESS', false),
    ...read.storing('HOOKBUS_STORE_RAW'),
    redact: read.flag('HOOKBUS_REDACT', true),
    dedupeTtlSeconds: read.count(
      'HOOKBUS_DEDUPE_TTL',
      DEFAULTS.dedupeTtlSeconds,
      1,
      MAX_TTL_SECONDS,
    ),
    sharesKeys: read.sharing('HOOKBUS_DEDUPE_URL'),
    retentionDays: read.count('HOOKBUS_RETENTION_DAYS', DEFAULTS.retentionDays, 0, MAX_DAYS),
    isRetentionGiven:
      trim(env['HOOKBUS_RETENTION_DAYS'] ?? '') !== '' &&
      !problems.some((problem) => problem.startsWith('HOOKBUS_RETENTION_DAYS:')),
    daemon: read.word('HOOKBUS_DAEMON', ['auto', 'off'], 'auto'),
    debug: read.flag('HOOKBUS_DEBUG', false),
    paths: home === undefined ? undefined : statePaths(home),
    problems,
  };
}

/** The caller's trace context. Nothing else is read from the environment. */
export function inheritedTraceParent(env: Environment = process.env): string | undefined {
  return env['TRACEPARENT'];
}

/** The agent's variables that may be recorded, each as `NAME=VALUE`. */
export function agentVariables(env: Environment = process.env): string[] {
  return AGENT_VARIABLES.flatMap((name) => {
    const value = env[name];
    return value === undefined || value.length > MAX_VARIABLE ? [] : [`${name}=${value}`];
  });
}

/** A longer value, in characters, is no directory. */
const MAX_VARIABLE = 4096;

/** The environment for a hook: the caller's, with these variables added. */
export function hookEnvironment(
  ours: Record<string, string>,
  env: Environment = process.env,
): NodeJS.ProcessEnv {
  return { ...env, ...ours };
}

/** The environment of a hook that the daemon drills: the daemon's own short list, with this PATH unless it is empty. */
export const drillEnvironment = (path: string, env: Environment = process.env): Environment =>
  path === '' ? env : { ...env, PATH: path };

/** The PATH on which a hook's program is found. */
export function searchPath(): string | undefined {
  return process.env['PATH'];
}

/** Colours need a terminal and can be turned off (https://no-color.org). */
export function wantsColour(isTerminal: boolean, env: Environment = process.env): boolean {
  if (env['NO_COLOR']) return false;
  return isTerminal && env['TERM'] !== 'dumb';
}

const STORABLE: readonly string[] = [...DECISIONS, ...STATUSES];

const ON = ['1', 'true', 'yes', 'on'];
const OFF = ['0', 'false', 'no', 'off'];

function createReader(env: Environment, problems: string[]) {
  const given = (name: string): string => trim(env[name] ?? '');
  const refuse = (name: string, value?: string): void => {
    problems.push(wordsOf(toWarning(name, value)));
  };
  return {
    flag(name: string, fallback: boolean): boolean {
      const value = given(name);
      if (ON.includes(value.toLowerCase())) return true;
      if (OFF.includes(value.toLowerCase())) return false;
      if (value !== '') refuse(name, value);
      return fallback;
    },
    count(name: string, fallback: number, min: number, max: number): number {
      const value = given(name);
      const number = parseCount(value);
      if (number !== undefined && number >= min && number <= max) return number;
      if (value !== '') refuse(name, value);
      return fallback;
    },
    word<T extends string>(name: string, words: readonly T[], fallback: T): T {
      const value = given(name);
      const word = words.find((candidate) => candidate === value.toLowerCase());
      if (word === undefined && value !== '') refuse(name, value);
      return word ?? fallback;
    },
    /** A flag, or a list of what to store. */
    storing(name: string): Pick<Settings, 'storeRaw' | 'storeOnly'> {
      const value = given(name).toLowerCase();
      const words = value.split(/[ \t-\r,]+/).filter((word) => word !== '');
      // Who writes `none` alone wants no payloads, not those of every execution that decided nothing.
      const hasWords = words.some((word) => word !== 'none');
      if (hasWords && words.every((word) => STORABLE.includes(word))) {
        return { storeRaw: true, storeOnly: words };
      }
      return { storeRaw: this.flag(name, false) };
    },
    /** An execution can only opt out of sharing its keys; it cannot choose a server. */
    sharing(name: string): boolean {
      const value = given(name);
      if (value.toLowerCase() === 'off') return false;
      // The value may hold a password, so the warning does not repeat it.
      if (value !== '') refuse(name);
      return true;
    },
  };
}

/** Parses a whole decimal number; undefined for anything else. */
export function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
