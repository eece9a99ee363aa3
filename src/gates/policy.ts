import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { isCode, isOthersToWrite } from '../os/own-file.ts';

/**
 * Hooks that root protects: no gate, breaker, key or option keeps them from running or being heard. Twin:
 * src/launcher/policy.c. Both are held to fixtures/vectors/policy.json.
 */

/** No setting moves it: who could set that would take the protection away. */
export const POLICY_PATH = '/etc/hookbus/policy.json';
const DIRECTORY = '/etc/hookbus';

const MAX_BYTES = 65_536;

export interface Policy {
  /** `ignored`: it is not root's alone; `broken`: nobody knows whom root meant, so every hook is protected. */
  readonly state: 'absent' | 'ignored' | 'broken' | 'good';
  /** Of one that is ignored or broken. */
  readonly problem?: string;
  readonly names: ReadonlySet<string>;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Never throws. */
export function readPolicy(): Policy {
  // Windows has no root.
  if (process.geteuid === undefined) return { state: 'absent', names: NO_NAMES };
  try {
    const why = unfitness(DIRECTORY, constants.O_DIRECTORY, ({ stat }) =>
      stat.isDirectory() ? undefined : 'it is no directory',
    );
    if (why !== undefined) return ignored(DIRECTORY, why);
    let text = '';
    const problem = unfitness(POLICY_PATH, constants.O_NONBLOCK, ({ file, stat }) => {
      if (!stat.isFile()) return 'it is no regular file';
      text = textOf(file);
      return undefined;
    });
    return problem === undefined ? parsePolicy(text) : ignored(POLICY_PATH, problem);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return { state: 'absent', names: NO_NAMES };
    if (isCode(error, 'ELOOP', 'ENOTDIR')) return ignored(POLICY_PATH, 'it is a link, or no file');
    const reason = error instanceof Error ? error.message : String(error);
    return broken(`it cannot be read: ${reason}`);
  }
}

/** What the text says, which is `{"protected_hooks": [NAME...]}` and nothing else; `*` is every hook. */
export function parsePolicy(text: string): Policy {
  if (text.length > MAX_BYTES) return broken(`it is longer than ${MAX_BYTES} bytes`);
  // A name with an escape in it may be any other to a reader that knows none.
  if (text.includes('\\')) return broken('it holds an escape (\\)');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return broken(error instanceof Error ? error.message : String(error));
  }
  const names = protectedIn(value);
  // A field that stands there twice.
  const hasMore = names !== undefined && text.split('"').length - 1 !== 2 * (names.length + 1);
  if (names === undefined || hasMore)
    return broken('expected {"protected_hooks": [NAME...]} and no more');
  return { state: 'good', names: new Set(names) };
}

function protectedIn(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { protected_hooks: names, ...others } = value as { protected_hooks?: unknown };
  if (!Array.isArray(names) || Object.keys(others).length > 0) return undefined;
  return names.every((name) => typeof name === 'string') ? names : undefined;
}

/**
 * Whether root has this hook run and its answer passed on. Of a run without a name the launcher does not know what the
 * hook is called: it may be any that root names. Reads the file: to be asked only where it matters.
 * @param hookName undefined or empty: there was no `--name`
 */
export const isProtected = (hookName: string | undefined, policy = readPolicy()): boolean =>
  policy.state === 'broken' ||
  (hookName ? policy.names.has('*') || policy.names.has(hookName) : policy.names.size > 0);

const ignored = (path: string, why: string): Policy => ({
  state: 'ignored',
  problem: `${path}: ${why}`,
  names: NO_NAMES,
});

const broken = (why: string): Policy => ({
  state: 'broken',
  problem: `${POLICY_PATH}: ${why}`,
  names: NO_NAMES,
});

/** Why it is not root's alone; undefined where it is. @throws what the file system says */
function unfitness(
  path: string,
  flags: number,
  look: (opened: { file: number; stat: Stats }) => string | undefined,
): string | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | flags);
  try {
    const stat = fstatSync(file);
    if (stat.uid !== 0) return `it belongs to user ${stat.uid}, not to root`;
    if (isOthersToWrite(stat)) return 'others than root can write it';
    return look({ file, stat });
  } finally {
    closeSync(file);
  }
}

function textOf(file: number): string {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  for (let got = -1; got !== 0 && length < bytes.length; length += got) {
    got = readSync(file, bytes, length, bytes.length - length, null);
  }
  return length > MAX_BYTES ? ' '.repeat(length) : bytes.toString('utf8', 0, length);
}
