import { isCode } from '../os/own-file.ts';
import { hasRoot, isNoPlainPath, readRootFile, unfitDirectory } from '../os/root-file.ts';

/**
 * Hooks that root protects: no gate, breaker, key or option keeps them from running or suppresses their output.
 * C port: src/launcher/policy.c. Tests check both against fixtures/vectors/policy.json.
 */

/** No setting changes this path: whoever could set it could remove the protection. */
export const POLICY_PATH = '/etc/hookbus/policy.json';
const DIRECTORY = '/etc/hookbus';

const MAX_BYTES = 65_536;

export interface Policy {
  /** `ignored`: others than root can change it; `broken`: root's intent is not known, so every hook is protected. */
  readonly state: 'absent' | 'ignored' | 'broken' | 'good';
  /** Set if the policy is ignored or broken. */
  readonly problem?: string;
  readonly names: ReadonlySet<string>;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Never throws. */
export function readPolicy(): Policy {
  if (!hasRoot()) return { state: 'absent', names: NO_NAMES };
  try {
    const why = unfitDirectory(DIRECTORY);
    if (why !== undefined) return ignored(DIRECTORY, why);
    const read = readRootFile(POLICY_PATH, MAX_BYTES);
    return 'unfit' in read ? ignored(POLICY_PATH, read.unfit) : parsePolicy(read.text);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return { state: 'absent', names: NO_NAMES };
    if (isNoPlainPath(error)) return ignored(POLICY_PATH, 'it is a link, or not a file');
    const reason = error instanceof Error ? error.message : String(error);
    return broken(`it cannot be read: ${reason}`);
  }
}

/** Parses the text, which must be `{"protected_hooks": [NAME...]}` and nothing else; `*` is every hook. */
export function parsePolicy(text: string): Policy {
  if (text.length > MAX_BYTES) return broken(`it is longer than ${MAX_BYTES} bytes`);
  // A reader that does not know escapes could take an escaped name for a different one.
  if (text.includes('\\')) return broken('it contains an escape (\\)');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return broken(error instanceof Error ? error.message : String(error));
  }
  const names = protectedIn(value);
  // A repeated field.
  const hasMore = names !== undefined && text.split('"').length - 1 !== 2 * (names.length + 1);
  if (names === undefined || hasMore)
    return broken('expected {"protected_hooks": [NAME...]} and nothing else');
  return { state: 'good', names: new Set(names) };
}

function protectedIn(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { protected_hooks: names, ...others } = value as { protected_hooks?: unknown };
  if (!Array.isArray(names) || Object.keys(others).length > 0) return undefined;
  return names.every((name) => typeof name === 'string') ? names : undefined;
}

/**
 * Whether this hook must run and its answer must be passed on. The launcher does not know what a run without a name is
 * called, so it may be any hook that root names. Reads the file, so call it only when it matters.
 * @param hookName undefined or empty without `--name`
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
