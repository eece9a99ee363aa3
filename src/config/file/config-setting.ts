/** One setting in a section of config.json. */
export interface ConfigSetting<T> {
  readonly default: T;
  /** The valid values, in words, for error messages. */
  readonly expected: string;
  /** Converts a JSON value; undefined if it is invalid. */
  readonly read: (value: unknown) => T | undefined;
  /** Converts typed text to a JSON value, which `read` then checks. */
  readonly fromText: (text: string) => unknown;
  /** The value may be a password: messages do not repeat it, and it is only shown when asked for by name. */
  readonly isSecret?: true;
  /** The value is never shown, even when asked for by name. */
  readonly isHidden?: true;
}

const WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

export function flag(fallback: boolean): ConfigSetting<boolean> {
  return {
    default: fallback,
    expected: 'true or false',
    read: (value) => (typeof value === 'boolean' ? value : undefined),
    fromText: (text) => WORDS[text.trim().toLowerCase()] ?? text,
  };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** @param unit what is counted, such as `seconds` */
export function whole(fallback: number, unit: string, { min, max }: Bounds): ConfigSetting<number> {
  return {
    default: fallback,
    expected: `a whole number of ${unit} from ${min} to ${max}`,
    read: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? value
        : undefined,
    fromText: numberOf,
  };
}

/** @param min 0 if the system may choose a free port */
export function port(fallback: number, min: 0 | 1): ConfigSetting<number> {
  const setting = whole(fallback, '', { min, max: 65_535 });
  return { ...setting, expected: `a port from ${min} to 65535` };
}

/** A share of a whole, above 0. */
export function share(fallback: number): ConfigSetting<number> {
  return {
    default: fallback,
    expected: 'a number above 0 and up to 1',
    read: (value) => (typeof value === 'number' && value > 0 && value <= 1 ? value : undefined),
    fromText: numberOf,
  };
}

/** One of a few words. */
export function oneOf<T extends string>(words: readonly [T, ...T[]]): ConfigSetting<T> {
  return {
    default: words[0],
    expected: words.map((word) => JSON.stringify(word)).join(' or '),
    read: (value) => words.find((word) => word === value),
    fromText: (typed) => typed.trim(),
  };
}

/** @param isFit whether a text is valid; the default always is */
export function text(
  fallback: string,
  expected: string,
  isFit: (value: string) => boolean,
): ConfigSetting<string> {
  return {
    default: fallback,
    expected,
    read: (value) =>
      typeof value === 'string' && (value === fallback || isFit(value)) ? value : undefined,
    fromText: (typed) => typed.trim(),
  };
}

type Texts = Readonly<Record<string, string>>;

/** Texts by their names; people type them as a JSON object. */
export function textMap(expected: string, areFit: (texts: Texts) => boolean): ConfigSetting<Texts> {
  return {
    default: {},
    expected,
    read: (value) => (isTexts(value) && areFit(value) ? value : undefined),
    fromText: jsonOf,
  };
}

/** The same for secret texts, each of which is valid or not. */
export function pairs(
  expected: string,
  isFit: (name: string, value: string) => boolean,
): ConfigSetting<Texts> {
  const areFit = (texts: Texts) => Object.entries(texts).every(([name, one]) => isFit(name, one));
  return { ...textMap(expected, areFit), isSecret: true };
}

function isTexts(value: unknown): value is Texts {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.values(value).every((one) => typeof one === 'string');
}

/** Names without duplicates; people type them with commas in between, or as a JSON array. */
export function names(
  what: string,
  ...examples: readonly string[]
): ConfigSetting<readonly string[]> {
  return {
    default: [],
    expected: `a list of ${what}, such as [${examples.map((one) => JSON.stringify(one)).join(', ')}]`,
    read: (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')
        ? [...new Set<string>(value)]
        : undefined,
    fromText: (text) =>
      text.trim().startsWith('[')
        ? jsonOf(text)
        : text
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== ''),
  };
}

function numberOf(text: string): unknown {
  return /^\d{1,15}(?:\.\d{1,15})?$/.test(text.trim()) ? Number(text) : text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
