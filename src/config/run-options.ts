import { isOnDuplicate, type OnDuplicate } from '../domain/dedupe-key.ts';
import { MAX_PAYLOAD_CAP, MAX_TTL_SECONDS, parseCount, type Settings } from './settings.ts';

/** What `hookbus run` was asked for. Absent means: as the settings or the payload say. */
export interface RunOptions {
  readonly name?: string;
  readonly event?: string;
  readonly tool?: string;
  /** Whether it is deduplicated, by `--dedupe` or by a key. */
  readonly dedupe: boolean;
  readonly dedupeKey?: string;
  readonly dedupeTtlSeconds?: number;
  readonly onDuplicate?: OnDuplicate;
  readonly timeoutSeconds?: number;
  readonly guard: boolean;
  readonly shellLine?: string;
  readonly maxBytes?: number;
  readonly storeRaw?: boolean;
  readonly compress?: boolean;
  readonly help: boolean;
  /** The command and its arguments; empty where there is nothing to run. */
  readonly argv: readonly string[];
  /** What could not be used, one sentence each; the hook runs all the same. */
  readonly mistakes: readonly string[];
}

type Draft = Partial<Omit<RunOptions, 'argv' | 'mistakes'>>;

/** Longest `--timeout`, in seconds: what a 32-bit count of milliseconds holds. */
const MAX_TIMEOUT_SECONDS = 2_147_483;

const SWITCHES: Readonly<Record<string, Draft>> = {
  '--dedupe': { dedupe: true },
  '--guard': { guard: true },
  '--store-raw': { storeRaw: true },
  '--no-store-raw': { storeRaw: false },
  '--compress': { compress: true },
  '--no-compress': { compress: false },
  '--help': { help: true },
  '-h': { help: true },
};

/** What a value sets; or, as a text, what was expected instead. */
type ReadValue = (value: string) => Draft | string;

const VALUES: Readonly<Record<string, ReadValue>> = {
  '--name': (name) => ({ name }),
  '--event': (event) => ({ event }),
  '--tool': (tool) => ({ tool }),
  '--shell': (shellLine) => ({ shellLine }),
  '--dedupe-key': (dedupeKey) => ({ dedupe: true, dedupeKey }),
  '--dedupe-ttl': (value) => {
    const dedupeTtlSeconds = parseCount(value);
    if (dedupeTtlSeconds === undefined || dedupeTtlSeconds < 1) {
      return 'a whole number of seconds from 1';
    }
    return { dedupeTtlSeconds: Math.min(dedupeTtlSeconds, MAX_TTL_SECONDS) };
  },
  '--on-duplicate': (value) =>
    isOnDuplicate(value) ? { onDuplicate: value } : 'deny, skip or replay',
  '--timeout': (value) => {
    const timeoutSeconds = /^\d{1,7}(?:\.\d{1,6})?$/.test(value) ? Number(value) : 0;
    const isUsable = timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS;
    return isUsable ? { timeoutSeconds } : 'a number of seconds above 0';
  },
  '--max-bytes': (value) => {
    const maxBytes = parseCount(value);
    if (maxBytes === undefined || maxBytes > MAX_PAYLOAD_CAP) {
      return `a whole number of bytes up to ${MAX_PAYLOAD_CAP}`;
    }
    return { maxBytes };
  },
};

/**
 * Reads the words behind `hookbus run`. A mistake never stops a hook: it is kept for `status` to show.
 * The first `--` ends the options; without one, the first word that is no option begins the command.
 */
export function parseRunOptions(words: readonly string[]): RunOptions {
  const separator = words.indexOf('--');
  const before = separator < 0 ? words : words.slice(0, separator);
  const mistakes: string[] = [];
  let draft: Draft = {};
  let index = 0;
  while (index < before.length) {
    const word = before[index] ?? '';
    const isOption = word.startsWith('-') && word !== '-';
    if (!isOption && separator < 0) break;
    const taken = isOption
      ? takeOption(word, before[index + 1])
      : { mistake: `expected an option before --, got ${JSON.stringify(word)}`, words: 1 };
    if (taken.mistake !== undefined) mistakes.push(taken.mistake);
    draft = { ...draft, ...taken.sets };
    index += taken.words;
  }
  const command = separator < 0 ? before.slice(index) : words.slice(separator + 1);
  const argv =
    draft.shellLine === undefined ? command : ['/bin/sh', '-c', draft.shellLine, ...command];
  return { dedupe: false, guard: false, help: false, ...draft, argv, mistakes };
}

/** What one option sets or what is wrong with it, and how many words it is. */
interface Taken {
  readonly sets?: Draft;
  readonly mistake?: string;
  readonly words: number;
}

function takeOption(word: string, next: string | undefined): Taken {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const flip = equals < 0 ? SWITCHES[name] : undefined;
  if (flip !== undefined) return { sets: flip, words: 1 };
  const read = VALUES[name];
  if (read === undefined) return { mistake: `unknown option ${name}`, words: 1 };
  const value = equals < 0 ? next : word.slice(equals + 1);
  if (value === undefined) return { mistake: `${name}: expected a value`, words: 1 };
  const words = equals < 0 ? 2 : 1;
  const sets = read(value);
  if (typeof sets !== 'string') return { sets, words };
  return { mistake: `${name}: expected ${sets}, got ${JSON.stringify(value)}`, words };
}

/** The settings that an option can change, as they are in force for this run. */
export function effectiveSettings(options: RunOptions, settings: Settings) {
  return {
    maxBytes: options.maxBytes ?? settings.maxBytes,
    storeRaw: options.storeRaw ?? settings.storeRaw,
    compress: options.compress ?? settings.compress,
    redact: settings.redact,
  };
}
