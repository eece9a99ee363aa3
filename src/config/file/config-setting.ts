/** One value of a section of config.json. */
export interface ConfigSetting<T> {
  readonly default: T;
  /** What it is to be, in words, for a message about one that is not. */
  readonly expected: string;
  /** The value, from what JSON has; undefined where that cannot be used. */
  readonly read: (value: unknown) => T | undefined;
  /** What a person typed, as JSON would have it; `read` judges it. */
  readonly fromText: (text: string) => unknown;
  /** Its value may be a password: it is not repeated in messages, nor shown unless asked for by name. */
  readonly isSecret?: true;
  /** Nobody needs to see it again: not even who asks for it by name does. */
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

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** @param unit what is counted, such as `seconds` */
export function whole(
  fallback: number,
  unit: string,
  { least, most }: Range,
): ConfigSetting<number> {
  return {
    default: fallback,
    expected: `a whole number of ${unit} from ${least} to ${most}`,
    read: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
        ? value
        : undefined,
    fromText: numberOf,
  };
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

/** @param isFit whether a text can be used; the default need not be */
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

/** Secret texts by their names; a person types a JSON object. */
export function pairs(
  expected: string,
  isFit: (name: string, value: string) => boolean,
): ConfigSetting<Readonly<Record<string, string>>> {
  return {
    default: {},
    expected,
    read: (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? pairsOf(value, isFit)
        : undefined,
    fromText: jsonOf,
    isSecret: true,
  };
}

function pairsOf(
  value: object,
  isFit: (name: string, value: string) => boolean,
): Readonly<Record<string, string>> | undefined {
  const entries: [string, unknown][] = Object.entries(value);
  const areFit = entries.every(([name, one]) => typeof one === 'string' && isFit(name, one));
  return areFit ? (Object.fromEntries(entries) as Record<string, string>) : undefined;
}

/** Names, each once; a person types them with commas between, or as a JSON array. */
export function names(what: string, ...such: readonly string[]): ConfigSetting<readonly string[]> {
  return {
    default: [],
    expected: `a list of ${what}, such as [${such.map((one) => JSON.stringify(one)).join(', ')}]`,
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
