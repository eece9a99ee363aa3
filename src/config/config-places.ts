import type { ConfigSetting } from './config-setting.ts';

/** A line for `sh -c`; empty: none. */
export function shellLine(): ConfigSetting<string> {
  return {
    default: '',
    isSecret: true,
    expected: 'a shell line, without a null character',
    read: (value) =>
      typeof value === 'string' && !value.includes('\0') ? value.trim() : undefined,
    fromText: (text) => text,
  };
}

/** Where something is sent to; empty: nowhere. */
export function webAddress(): ConfigSetting<string> {
  return {
    default: '',
    isSecret: true,
    expected: 'an address that begins with https:// or http://',
    read: (value) => {
      if (value === '') return value;
      return typeof value === 'string' && isWebAddress(value) ? value : undefined;
    },
    fromText: (text) => text.trim(),
  };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** A time in ms, above 0; a fraction will do. */
export function milliseconds(fallback: number, most: number): ConfigSetting<number> {
  return {
    default: fallback,
    expected: `a number of ms above 0 and up to ${most}`,
    read: (value) => (typeof value === 'number' && value > 0 && value <= most ? value : undefined),
    fromText: (text) => (/^\d{1,15}(?:\.\d{1,15})?$/.test(text.trim()) ? Number(text) : text),
  };
}

/** Some of a few words, each once; a person types them with commas between. */
export function someOf(words: readonly string[]): ConfigSetting<readonly string[]> {
  return {
    default: [],
    expected: `a list of some of ${words.join(', ')}`,
    read: (value) =>
      Array.isArray(value) && value.every((one) => words.includes(one as string))
        ? [...new Set<string>(value as readonly string[])]
        : undefined,
    fromText: (text) =>
      text
        .split(/[\s,[\]"]+/)
        .map((word) => word.trim())
        .filter((word) => word !== ''),
  };
}
