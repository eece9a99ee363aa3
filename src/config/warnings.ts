import { MAX_DAYS, MAX_PAYLOAD_CAP, MAX_TTL_SECONDS } from './limits.ts';

/*
 * A warning is an option or a variable that could not be used, as given: `NAME=value`, or `NAME` alone. Both engines
 * record only that; this file makes a sentence of it.
 */

/** Maximum length of a warning, in bytes; src/launcher/text.h has the same. */
const WARNING_BYTES = 200;

/** A longer value of a setting is truncated. */
const SHOWN_CHARACTERS = 60;

const FLAG = '1, true, yes, on or 0, false, no, off';

/** The valid values of a variable. */
const OF_SETTINGS: Readonly<Record<string, string>> = {
  HOOKBUS_ENABLED: FLAG,
  HOOKBUS_COMPRESS: FLAG,
  HOOKBUS_STORE_RAW: `${FLAG}, or a list of decisions and statuses such as deny,error`,
  HOOKBUS_REDACT: FLAG,
  HOOKBUS_DEBUG: FLAG,
  HOOKBUS_DAEMON: 'auto or off',
  HOOKBUS_MAX_BYTES: `a whole number of bytes from 0 to ${MAX_PAYLOAD_CAP}`,
  HOOKBUS_DEDUPE_TTL: `a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`,
  HOOKBUS_RETENTION_DAYS: `a whole number of days from 0 to ${MAX_DAYS}`,
};

/** Values of these are shown in lower case, as they were compared. */
const WORDS: readonly string[] = [FLAG, 'auto or off'];

/** The valid values of an option; empty if any value is valid. */
const OF_OPTIONS: Readonly<Record<string, string>> = {
  '--name': '',
  '--event': '',
  '--tool': '',
  '--shell': '',
  '--dedupe-key': '',
  '--dedupe-ttl': 'a whole number of seconds from 1',
  '--on-duplicate': 'deny, skip or replay',
  '--timeout': 'a number of seconds above 0',
  '--max-bytes': `a whole number of bytes up to ${MAX_PAYLOAD_CAP}`,
};

export function toWarning(name: string, value?: string): string {
  const text = value === undefined ? name : `${name}=${value}`;
  return Buffer.from(text).subarray(0, WARNING_BYTES).toString();
}

/** The name, and the value if there is one; a truncated text ends in `…`. */
export function readWarning(warning: string): { name: string; value?: string } {
  const isCut = Buffer.byteLength(warning) >= WARNING_BYTES;
  const text = isCut ? `${warning.replace(/\ufffd+$/, '')}…` : warning;
  const equals = text.indexOf('=');
  return equals < 0
    ? { name: text }
    : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** Says what is wrong, in a sentence. */
export function wordsOf(warning: string): string {
  const { name, value } = readWarning(warning);
  if (name.startsWith('HOOKBUS_')) return ofSetting(name, value);
  if (name === '') return `unexpected argument ${JSON.stringify(value)} before --`;
  if (name === '--guard' && value === undefined) {
    return '--guard is now called --fail-open; a guard is a hook that can refuse';
  }
  const expected = OF_OPTIONS[name];
  if (expected === undefined) return `unknown option ${name}`;
  if (value === undefined) return `${name} needs a value`;
  return `${name}: expected ${expected || 'another value'}, got ${JSON.stringify(value)}`;
}

function ofSetting(name: string, given = ''): string {
  if (name === 'HOOKBUS_DEDUPE_URL') {
    return `${name}: the only value is off; to use a key server, set dedupe.url in config.json`;
  }
  if (name === 'HOOKBUS_HOME') {
    return /^~(?:\/|$)/.test(given)
      ? `${name}: ${quote(given)} needs HOME, which is not set`
      : `${name}: expected an absolute path, got ${quote(given)}; using the default`;
  }
  const expected = OF_SETTINGS[name] ?? 'another value';
  const value = trim(given);
  const shown = quote(WORDS.includes(expected) ? value.toLowerCase() : value);
  return `${name}: expected ${expected}, got ${shown}; using the default`;
}

/** Removes blanks at both ends. They are C's blanks, since the launcher compares the same. */
export const trim = (value: string): string => value.replace(/^[ \t-\r]+|[ \t-\r]+$/g, '');

const quote = (value: string): string =>
  JSON.stringify(value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);
