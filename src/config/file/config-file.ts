import { closeSync, constants, fstatSync, readFileSync } from 'node:fs';
import { getNodeValue, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { reasonOf } from '../../domain/errors.ts';
import { isCode, isOthersToWrite, openOwnFile } from '../../os/own-file.ts';
import { type ConfigPolicy, NO_POLICY, readConfigPolicy } from '../policy/config-policy.ts';
import { SECTIONS, TOP_LEVEL } from '../sections/index.ts';
import { settingsOf, topLevelSetting } from './config-keys.ts';
import type { ConfigSetting } from './config-setting.ts';

type Values<Section> = {
  readonly [Key in keyof Section]: Section[Key] extends ConfigSetting<infer Value> ? Value : never;
};

/** The contents of config.json with all defaults, by the names in the file. docs/settings.md explains each. */
export type Config = {
  readonly [Name in keyof typeof SECTIONS]: Values<(typeof SECTIONS)[Name]>;
} & Values<typeof TOP_LEVEL>;

/** The result of parsing the text of a config.json, whatever root says. */
type ParsedConfig =
  | { readonly state: 'good'; readonly config: Config }
  /** The file cannot be used; `problem` says where and why. */
  | { readonly state: 'refused'; readonly problem: string };

/** The result of reading a user's config.json under root's policy. */
export type ConfigReading = {
  /** What is in force: the policy, the user's values where it lets them, and the defaults. */
  readonly config: Config;
  readonly policy: ConfigPolicy;
  /** What the user's file sets. */
  readonly given: Found;
} & (
  | { readonly state: 'absent' | 'good' }
  /** The user's file cannot be used; `problem` says where and why. */
  | { readonly state: 'refused'; readonly problem: string }
);

/** Maximum size in bytes; nobody writes a larger configuration by hand. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** In force if there is no config.json. */
export const DEFAULT_CONFIG: Config = configOf({});

/** Hides every value that may contain a password. */
export function withoutSecrets(config: Config): Config {
  const sections = Object.entries(config).map(([section, values]) => {
    if (topLevelSetting(section) !== undefined) return [section, values];
    const shownValues = Object.entries(values).map(([name, value]) =>
      settingsOf(section)[name]?.isSecret === true
        ? [name, hidden(value as string | Readonly<Record<string, string>>)]
        : [name, value],
    );
    return [section, Object.fromEntries(shownValues)];
  });
  return Object.fromEntries(sections) as Config;
}

const HIDDEN = '(hidden)';

/** Shows that there is a value; for pairs, also their names. */
function hidden(value: string | Readonly<Record<string, string>>) {
  if (typeof value === 'string') return value === '' ? '' : HIDDEN;
  return Object.fromEntries(Object.keys(value).map((key) => [key, HIDDEN]));
}

/** Reads the user's file, and root's policy. Never throws. */
export function readConfigFile(path: string, policy = readConfigPolicy()): ConfigReading {
  const read = readOwn(path);
  const given = read.state === 'good' ? read.given : {};
  return { ...read, given, config: configOf(given, policy), policy };
}

type OwnReading =
  | { readonly state: 'absent' }
  | { readonly state: 'good'; readonly given: Found }
  | { readonly state: 'refused'; readonly problem: string };

function readOwn(path: string): OwnReading {
  let file: number | undefined;
  try {
    file = openOwnFile(path, constants.O_RDONLY);
    const stat = fstatSync(file);
    // It decides what the daemon runs, and where data is sent.
    if (isOthersToWrite(stat)) return refused(`others can write to it: chmod 600 ${path}`);
    if (stat.size > MAX_CONFIG_BYTES) return refused(`it is larger than ${MAX_CONFIG_BYTES} bytes`);
    return parseOwn(readFileSync(file, 'utf8'));
  } catch (error) {
    return isCode(error, 'ENOENT', 'ENOTDIR') ? { state: 'absent' } : refused(reasonOf(error));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Parses the text of a config.json; one error refuses all of it. Never throws. */
export function parseConfig(text: string): ParsedConfig {
  const read = parseOwn(text);
  return read.state === 'good' ? { state: 'good', config: configOf(read.given) } : read;
}

function parseOwn(text: string): Exclude<OwnReading, { readonly state: 'absent' }> {
  const problem = (at: number, message: string) => refused(`${placeOf(text, at)}: ${message}`);
  try {
    const errors: ParseError[] = [];
    const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
    const [error] = errors;
    if (error !== undefined) return problem(error.offset, syntaxMessage(error));
    if (root === undefined) return problem(0, 'expected an object');
    const found = findProblem(root);
    if (found !== undefined) return problem(found.at.offset, found.message);
    return { state: 'good', given: JSON.parse(text) as Found };
  } catch (error) {
    return refused(reasonOf(error));
  }
}

/** The values of a config.json by section and name; those outside all sections are beside the sections. */
export type Found = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** What is in force with these values of the user. */
export function configOf(found: Found, { values, locked }: ConfigPolicy = NO_POLICY): Config {
  const inForce = (key: string, given: unknown, setting: ConfigSetting<unknown>): unknown => {
    if (given !== undefined && !locked.has(key)) return setting.read(given);
    const set = values.get(key);
    return set === undefined ? setting.default : set.value;
  };
  const sections = Object.keys(SECTIONS).map((name) => {
    const settings = Object.entries(settingsOf(name));
    const section = settings.map(([key, setting]) => {
      return [key, inForce(`${name}.${key}`, found[name]?.[key], setting)];
    });
    return [name, Object.fromEntries(section)];
  });
  const others = Object.entries<ConfigSetting<unknown>>(TOP_LEVEL).map(([name, setting]) => {
    return [name, inForce(name, found[name], setting)];
  });
  return Object.fromEntries([...others, ...sections]) as Config;
}

interface Problem {
  readonly at: Node;
  readonly message: string;
}

function findProblem(root: Node): Problem | undefined {
  if (root.type !== 'object') return { at: root, message: 'expected an object' };
  const known = [...Object.keys(SECTIONS), ...Object.keys(TOP_LEVEL)];
  return inMembers(root, known, 'section', (name, section) => {
    const setting = topLevelSetting(name);
    if (setting !== undefined) return unusable(name, section, setting);
    if (section.type !== 'object') return { at: section, message: `${name}: expected an object` };
    const settings = settingsOf(name);
    return inMembers(section, Object.keys(settings), `setting of ${name}`, (key, node) => {
      const setting = settings[key];
      return setting === undefined ? undefined : unusable(`${name}.${key}`, node, setting);
    });
  });
}

function unusable(
  name: string,
  node: Node,
  { read, expected, isSecret }: ConfigSetting<unknown>,
): Problem | undefined {
  const value: unknown = getNodeValue(node);
  if (read(value) !== undefined) return undefined;
  const got = isSecret === true ? '' : `, got ${shown(value)}`;
  return { at: node, message: `${name}: expected ${expected}${got}` };
}

/** The first error in the members of an object: an unknown name, a repeated name, or what `look` finds. */
function inMembers(
  object: Node,
  known: readonly string[],
  what: string,
  look: (name: string, value: Node) => Problem | undefined,
): Problem | undefined {
  const seen = new Set<string>();
  for (const { children: [key, value] = [] } of object.children ?? []) {
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    if (!known.includes(name)) {
      return { at: key, message: `unknown ${what} ${shown(name)}; known: ${known.join(', ')}` };
    }
    if (seen.has(name)) return { at: key, message: `${shown(name)} appears twice` };
    seen.add(name);
    const problem = look(name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Messages by the error numbers of jsonc-parser, which are part of its interface. */
const EXPECTATIONS: Readonly<Record<number, string>> = {
  3: 'expected a name in double quotes',
  4: 'expected a value',
  5: 'expected a colon',
  6: 'expected a comma',
  7: 'expected a closing brace',
  8: 'expected a closing bracket',
  9: 'expected the end of the file',
  10: 'comments are not allowed: this is plain JSON',
};

const syntaxMessage = ({ error }: ParseError): string => EXPECTATIONS[error] ?? 'expected JSON';

/** A position as editors count. */
function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const refused = (problem: string) => ({ state: 'refused', problem }) as const;
