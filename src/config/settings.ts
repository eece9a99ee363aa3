import { homeMistake, type StatePaths, stateHome, statePaths } from './paths.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with a state directory, in a sentence, and what to do or to type. */
export interface HomeProblem {
  readonly home: string;
  readonly what: string;
  readonly fix: string;
}

/** The settings in force. docs/settings.md says what each means. */
export interface Settings {
  readonly enabled: boolean;
  readonly maxBytes: number;
  readonly compress: boolean;
  readonly storeRaw: boolean;
  readonly redact: boolean;
  readonly dedupeTtlSeconds: number;
  readonly dedupeUrl: string | undefined;
  readonly retentionDays: number;
  /** Whether the environment says so. */
  readonly isRetentionGiven: boolean;
  readonly daemon: 'auto' | 'off';
  readonly debug: boolean;
  /** Undefined where neither `HOOKBUS_HOME` nor `HOME` says where, or `homeProblem` why not: nothing is recorded then. */
  readonly paths: StatePaths | undefined;
  /** Why the state directory does not count; undefined where it does, or nobody looked (state-home.ts). */
  readonly homeProblem?: HomeProblem;
  /** Values that could not be used, one sentence each; their defaults are in force. */
  readonly problems: readonly string[];
}

/** The largest payload cap, in bytes: a frame must be able to hold it. */
export const MAX_PAYLOAD_CAP = 64 * 1024 * 1024;

export const DEFAULTS = {
  maxBytes: 200_000,
  dedupeTtlSeconds: 3600,
  retentionDays: 7,
} as const;

/** Longest time-to-live and retention: a hundred years, so that date arithmetic stays sound. */
const MAX_DAYS = 36_500;
export const MAX_TTL_SECONDS = MAX_DAYS * 86_400;

/** Reads the settings from the environment; the only reader of it. Never throws. */
export function readSettings(env: Environment = process.env): Settings {
  const problems: string[] = [];
  const read = createReader(env, problems);
  const home = stateHome(env);
  const mistake = homeMistake(env);
  if (mistake !== undefined) {
    const { expected, behind } = mistake;
    problems.push(
      `HOOKBUS_HOME: expected ${expected}, got ${quote(env['HOOKBUS_HOME'] ?? '')}${behind}`,
    );
  }
  return {
    enabled: read.flag('HOOKBUS_ENABLED', false),
    maxBytes: read.count('HOOKBUS_MAX_BYTES', DEFAULTS.maxBytes, 0, MAX_PAYLOAD_CAP, 'bytes'),
    compress: read.flag('HOOKBUS_COMPRESS', false),
    storeRaw: read.flag('HOOKBUS_STORE_RAW', false),
    redact: read.flag('HOOKBUS_REDACT', true),
    dedupeTtlSeconds: read.count(
      'HOOKBUS_DEDUPE_TTL',
      DEFAULTS.dedupeTtlSeconds,
      1,
      MAX_TTL_SECONDS,
      'seconds',
    ),
    dedupeUrl: read.url('HOOKBUS_DEDUPE_URL'),
    retentionDays: read.count(
      'HOOKBUS_RETENTION_DAYS',
      DEFAULTS.retentionDays,
      0,
      MAX_DAYS,
      'days',
    ),
    isRetentionGiven:
      Boolean(env['HOOKBUS_RETENTION_DAYS']?.trim()) &&
      !problems.some((problem) => problem.startsWith('HOOKBUS_RETENTION_DAYS:')),
    daemon: read.word('HOOKBUS_DAEMON', ['auto', 'off'], 'auto'),
    debug: read.flag('HOOKBUS_DEBUG', false),
    paths: home === undefined ? undefined : statePaths(home),
    problems,
  };
}

/** The caller's trace context, and nothing else of the environment, ever. */
export function inheritedTraceParent(env: Environment = process.env): string | undefined {
  return env['TRACEPARENT'];
}

/** The environment for a hook: the caller's, with the variables given put over it. */
export function hookEnvironment(ours: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, ...ours };
}

/** Where a hook's program is looked for. */
export function searchPath(): string | undefined {
  return process.env['PATH'];
}

/** Colour only where a person asked for nothing else (https://no-color.org). */
export function wantsColour(isTerminal: boolean, env: Environment = process.env): boolean {
  if (env['NO_COLOR']) return false;
  return isTerminal && env['TERM'] !== 'dumb';
}

const ON = ['1', 'true', 'yes', 'on'];
const OFF = ['0', 'false', 'no', 'off', ''];

function createReader(env: Environment, problems: string[]) {
  const refuse = (name: string, expected: string, value: string): void => {
    problems.push(`${name}: expected ${expected}, got ${quote(value)}; the default is in force`);
  };
  return {
    flag(name: string, fallback: boolean): boolean {
      const value = env[name]?.trim().toLowerCase();
      if (value === undefined || value === '') return fallback;
      if (ON.includes(value)) return true;
      if (OFF.includes(value)) return false;
      refuse(name, '1, true, yes, on or 0, false, no, off', value);
      return fallback;
    },
    count(name: string, fallback: number, least: number, most: number, unit: string): number {
      const value = env[name]?.trim();
      if (value === undefined || value === '') return fallback;
      const number = parseCount(value);
      if (number !== undefined && number >= least && number <= most) return number;
      refuse(name, `a whole number of ${unit} from ${least} to ${most}`, value);
      return fallback;
    },
    word<T extends string>(name: string, words: readonly T[], fallback: T): T {
      const value = env[name]?.trim().toLowerCase();
      if (value === undefined || value === '') return fallback;
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) refuse(name, words.join(' or '), value);
      return word ?? fallback;
    },
    url(name: string): string | undefined {
      const value = env[name]?.trim();
      if (value === undefined || value === '') return undefined;
      if (/^rediss?:\/\/./.test(value)) return value;
      // The value may hold a password, so it is not repeated.
      problems.push(`${name}: expected redis://… or rediss://…; keys stay on this machine`);
      return undefined;
    },
  };
}

/** A whole decimal number, as a person writes it; undefined for anything else. */
export function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const quote = (value: string): string =>
  JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
