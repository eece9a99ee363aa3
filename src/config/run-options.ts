import { isOnDuplicate, type OnDuplicate } from '../domain/key/dedupe-key.ts';
import { MAX_PAYLOAD_CAP, MAX_TTL_SECONDS } from './limits.ts';
import { parseCount, type Settings } from './settings.ts';
import { toWarning, wordsOf } from './warnings.ts';

/** The options of `hookbus run`. An absent option leaves the choice to the settings or the payload. */
export interface RunOptions {
  readonly name?: string;
  readonly event?: string;
  readonly tool?: string;
  /** Whether to deduplicate, by `--dedupe` or by a key. */
  readonly dedupe: boolean;
  readonly dedupeKey?: string;
  readonly dedupeTtlSeconds?: number;
  readonly onDuplicate?: OnDuplicate;
  readonly timeoutSeconds?: number;
  readonly failOpen: boolean;
  readonly shellLine?: string;
  readonly maxBytes?: number;
  readonly storeRaw?: boolean;
  readonly compress?: boolean;
  readonly help: boolean;
  /** The command and its arguments; empty if there is nothing to run. */
  readonly argv: readonly string[];
  /** Options that could not be used, one sentence each; the hook runs anyway. */
  readonly warnings: readonly string[];
}

/** On Windows that of Git Bash, on PATH; anybody could make a file with the other name there. */
const SHELL = process.platform === 'win32' ? 'sh' : '/bin/sh';

type Draft = Partial<Omit<RunOptions, 'argv' | 'warnings'>>;

/** Maximum `--timeout`, in seconds: the milliseconds must fit into 32 bits. */
const MAX_TIMEOUT_SECONDS = 2_147_483;

const SWITCHES: Readonly<Record<string, Draft>> = {
  '--dedupe': { dedupe: true },
  '--fail-open': { failOpen: true },
  '--store-raw': { storeRaw: true },
  '--no-store-raw': { storeRaw: false },
  '--compress': { compress: true },
  '--no-compress': { compress: false },
  '--help': { help: true },
  '-h': { help: true },
};

/** Old names. */
const RENAMED: Readonly<Record<string, string>> = { '--guard': '--fail-open' };

/** What a value sets; undefined if the value is invalid. */
type ReadValue = (value: string) => Draft | undefined;

const VALUES: Readonly<Record<string, ReadValue>> = {
  '--name': (name) => ({ name }),
  '--event': (event) => ({ event }),
  '--tool': (tool) => ({ tool }),
  '--shell': (shellLine) => ({ shellLine }),
  '--dedupe-key': (dedupeKey) => ({ dedupe: true, dedupeKey }),
  '--dedupe-ttl': (value) => {
    const dedupeTtlSeconds = parseCount(value);
    if (dedupeTtlSeconds === undefined || dedupeTtlSeconds < 1) return undefined;
    return { dedupeTtlSeconds: Math.min(dedupeTtlSeconds, MAX_TTL_SECONDS) };
  },
  '--on-duplicate': (value) => (isOnDuplicate(value) ? { onDuplicate: value } : undefined),
  '--timeout': (value) => {
    const timeoutSeconds = /^\d{1,7}(?:\.\d{1,6})?$/.test(value) ? Number(value) : 0;
    const isUsable = timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS;
    return isUsable ? { timeoutSeconds } : undefined;
  },
  '--max-bytes': (value) => {
    const maxBytes = parseCount(value);
    return maxBytes === undefined || maxBytes > MAX_PAYLOAD_CAP ? undefined : { maxBytes };
  },
};

/**
 * Reads the words after `hookbus run`. An invalid option never stops a hook: `status` shows a warning.
 * The first `--` ends the options; without one, the first word that is not an option begins the command.
 */
export function parseRunOptions(words: readonly string[]): RunOptions {
  const separator = words.indexOf('--');
  const before = separator < 0 ? words : words.slice(0, separator);
  const warnings: string[] = [];
  let draft: Draft = {};
  let index = 0;
  while (index < before.length) {
    const word = before[index] ?? '';
    const isOption = word.startsWith('-') && word !== '-';
    if (!isOption && separator < 0) break;
    const parsed = isOption
      ? parseOption(word, before[index + 1])
      : { warning: toWarning('', word), words: 1 };
    if (parsed.warning !== undefined) warnings.push(wordsOf(parsed.warning));
    draft = { ...draft, ...parsed.sets };
    index += parsed.words;
  }
  const command = separator < 0 ? before.slice(index) : words.slice(separator + 1);
  const argv = draft.shellLine === undefined ? command : [SHELL, '-c', draft.shellLine, ...command];
  return { dedupe: false, failOpen: false, help: false, ...draft, argv, warnings };
}

/** What an option sets, or a warning that it cannot be used, and how many words it takes. */
interface ParsedOption {
  readonly sets?: Draft;
  readonly warning?: string;
  readonly words: number;
}

function parseOption(word: string, next: string | undefined): ParsedOption {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const newName = (equals < 0 ? RENAMED[name] : undefined) ?? name;
  const flip = equals < 0 ? SWITCHES[newName] : undefined;
  if (flip !== undefined) {
    return { sets: flip, words: 1, ...(newName !== name && { warning: toWarning(name) }) };
  }
  const read = VALUES[name];
  // The value of an unknown option may be a secret.
  if (read === undefined) {
    return { warning: toWarning(name, equals < 0 ? undefined : ''), words: 1 };
  }
  const value = equals < 0 ? next : word.slice(equals + 1);
  const words = equals < 0 && value !== undefined ? 2 : 1;
  const sets = value === undefined ? undefined : read(value);
  return sets === undefined ? { warning: toWarning(name, value), words } : { sets, words };
}

/** The settings that options can change, with the values in force for this execution. */
export function effectiveSettings(options: RunOptions, settings: Settings) {
  return {
    maxBytes: options.maxBytes ?? settings.maxBytes,
    storeRaw: options.storeRaw ?? settings.storeRaw,
    // The option means all payloads.
    ...(options.storeRaw === undefined && settings.storeOnly !== undefined
      ? { storeOnly: settings.storeOnly }
      : {}),
    compress: options.compress ?? settings.compress,
    redact: settings.redact,
  };
}
