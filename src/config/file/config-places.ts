import { type ConfigSetting, names } from './config-setting.ts';

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

/** A URL to send something to; empty: none. */
export function webAddress(): ConfigSetting<string> {
  return {
    default: '',
    isSecret: true,
    expected: 'a URL that begins with https:// or http://',
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

/** The proxy for http and https; empty: none. */
export function proxyAddress(): ConfigSetting<string> {
  return {
    default: '',
    isSecret: true,
    expected: 'http://HOST:PORT or http://USER:PASSWORD@HOST:PORT',
    read: (value) => {
      if (value === '') return value;
      return typeof value === 'string' && isProxyAddress(value) ? value : undefined;
    },
    fromText: (text) => text.trim(),
  };
}

function isProxyAddress(address: string): boolean {
  try {
    const { protocol, username, password, pathname, search, hash } = new URL(address);
    // Invalid percent encoding would fail at each use.
    decodeURIComponent(username + password);
    return protocol === 'http:' && pathname === '/' && search + hash === '';
  } catch {
    return false;
  }
}

/** A name, as a suffix with or without `.` or `*.` before it; an address; or `*` for all. */
const HOST_NAME = /^(?:(?:\*?\.)?[\w-]+(?:\.[\w-]+)*|[\da-f:.]*:[\da-f:.]*|\*)$/i;

/** Hosts; people type them with commas in between, or as a JSON array. */
export function hostNames(): ConfigSetting<readonly string[]> {
  const { read, ...list } = names('host names');
  return {
    ...list,
    expected: 'a list of host names without port, such as ["example.com", "192.0.2.1"]',
    read: (value) => {
      const hosts = read(value);
      return hosts?.every((host) => HOST_NAME.test(host)) ? hosts : undefined;
    },
  };
}

/** A time in ms, above 0; fractions are allowed. */
export function milliseconds(fallback: number, max: number): ConfigSetting<number> {
  return {
    default: fallback,
    expected: `a number of ms above 0 and up to ${max}`,
    read: (value) => (typeof value === 'number' && value > 0 && value <= max ? value : undefined),
    fromText: (text) => (/^\d{1,15}(?:\.\d{1,15})?$/.test(text.trim()) ? Number(text) : text),
  };
}

/** A choice of these words, each at most once; people type them with commas in between. */
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
