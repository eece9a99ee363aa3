import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../domain/errors.ts';
import { isCode } from '../../os/own-file.ts';
import { hasRoot, isNoPlainPath, readRootFile, unfitDirectory } from '../../os/root-file.ts';
import { type PolicyFile, parsePolicyFile } from './parse-policy.ts';

/**
 * The configuration that root writes for all users of a machine. Like the path of policy.json (src/gates/policy.ts), no
 * setting changes this one: whoever could set it could remove the policy.
 */
const DIRECTORY = '/etc/hookbus';
const FILE = join(DIRECTORY, 'config.json');
const DROP_INS = join(DIRECTORY, 'config.d');

/** In bytes. */
const MAX_FILE_BYTES = 262_144;
const MAX_DROP_INS = 100;

export interface ConfigPolicy {
  /** By keys such as `alerts.webhook`: a value, and the file that sets it. */
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly path: string }>;
  /** Keys that users may not change, and the file that forbids it. */
  readonly locked: ReadonlyMap<string, string>;
  /** The files that count, the first first. */
  readonly files: readonly string[];
  /** What does not count, and why, one sentence each. */
  readonly problems: readonly string[];
}

export const NO_POLICY: ConfigPolicy = {
  values: new Map(),
  locked: new Map(),
  files: [],
  problems: [],
};

/**
 * Reads `/etc/hookbus/config.json`, then the `.json` files in `config.d` by name; a later value counts. What others than
 * root can change does not count. Never throws.
 */
export function readConfigPolicy(): ConfigPolicy {
  if (!hasRoot()) return NO_POLICY;
  const values = new Map<string, { value: unknown; path: string }>();
  const locked = new Map<string, string>();
  const files: string[] = [];
  const problems: string[] = [];
  if (!isUsable(DIRECTORY, problems)) return { ...NO_POLICY, problems };
  for (const path of [FILE, ...dropIns(problems)]) {
    const parsed = read(path, problems);
    if (parsed === undefined) continue;
    files.push(path);
    problems.push(...parsed.problems.map((problem) => `${path}: ${problem}`));
    for (const [key, value] of parsed.values) values.set(key, { value, path });
    for (const key of parsed.locked) locked.set(key, path);
  }
  const redact = values.get('redact');
  // Redaction adds up: what root has redacted, no user stores.
  if (redact?.value === true && !locked.has('redact')) locked.set('redact', redact.path);
  return { values, locked, files, problems };
}

function dropIns(problems: string[]): string[] {
  if (!isUsable(DROP_INS, problems)) return [];
  try {
    const names = readdirSync(DROP_INS).filter((name) => name.endsWith('.json'));
    if (names.length > MAX_DROP_INS) {
      problems.push(`${DROP_INS}: only the first ${MAX_DROP_INS} of ${names.length} files count`);
    }
    return names
      .sort()
      .slice(0, MAX_DROP_INS)
      .map((name) => join(DROP_INS, name));
  } catch (error) {
    problems.push(`${DROP_INS} is ignored: ${reasonOf(error)}`);
    return [];
  }
}

/** Whether a directory exists and is root's alone. */
function isUsable(path: string, problems: string[]): boolean {
  const why = reasonAgainst(() => unfitDirectory(path));
  if (why !== undefined && why !== '') problems.push(`${path} is ignored: ${why}`);
  return why === undefined;
}

function read(path: string, problems: string[]): PolicyFile | undefined {
  let parsed: PolicyFile | undefined;
  const why = reasonAgainst(() => {
    const found = readRootFile(path, MAX_FILE_BYTES);
    if ('unfit' in found) return found.unfit;
    parsed = parsePolicyFile(found.text);
    return undefined;
  });
  if (why !== undefined && why !== '') problems.push(`${path} is ignored: ${why}`);
  return parsed;
}

/** Why a file is not used; empty if it does not exist. */
function reasonAgainst(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return '';
    return isNoPlainPath(error) ? 'it is a link, or not what its name says' : reasonOf(error);
  }
}

/** Changes whenever the policy may have changed. @param identityOf the identity of one path */
export function policyIdentity(identityOf: (path: string) => string): string {
  const directory = identityOf(DIRECTORY);
  // Most machines have no policy.
  if (directory === 'ENOENT') return directory;
  return [directory, ...[FILE, DROP_INS, ...dropIns([])].map(identityOf)].join('\n');
}
