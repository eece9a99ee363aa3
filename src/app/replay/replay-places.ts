import { existsSync, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { AGENT_VARIABLES } from '../../agents/recognize.ts';
import { workTreeOf } from '../../agents/settings/agent-places.ts';
import type { Environment } from '../../config/settings.ts';
import { argvsOf } from '../../domain/hook/hook-id.ts';
import { scriptOf } from '../../domain/hook/hook-name.ts';
import { holdsPlaceholder } from '../../domain/replay.ts';
import { digestOf } from '../../os/file-digest.ts';
import type { LogRow } from '../../store/columns.ts';
import { expandWord, findScript } from '../recording/facts/surroundings.ts';

/**
 * Whether a directory is in the same work tree as `here`. If `here` is in none: whether the directory is below `here`.
 */
export function isHere(directory: string, here: string): boolean {
  const tree = workTreeOf(here);
  if (tree !== undefined) return workTreeOf(directory) === tree;
  const isBelow = directory === here || directory.startsWith(here === sep ? sep : here + sep);
  return isBelow && workTreeOf(directory) === undefined;
}

/** A script that is not the one that ran. */
export interface ChangedScript {
  readonly path: string;
  /** SHA-256 then and now; null if unknown, or if the file is gone. */
  readonly before: string | null;
  readonly now: string | null;
}

/**
 * The script of a recorded command, if it is another one now, by its digest, or if it was modified after the execution. A replay then runs something else. Undefined if it is the same or unknown.
 */
export function findChangedScript(row: LogRow, env: Environment): ChangedScript | undefined {
  const { command, cwd, created_at, script_digest: before } = row;
  if (cwd === null) return undefined;
  const variables = variablesOf(row, env);
  const [path] = argvsOf(command).flatMap((argv) => findScript({ cwd, argv, variables }) ?? []);
  if (path === undefined) {
    const word = expandWord(scriptOf([], command), variables);
    const isGone = before !== null && word.includes('/') && !existsSync(resolve(cwd, word));
    return isGone ? { path: resolve(cwd, word), before, now: null } : undefined;
  }
  const now = digestOf(path) ?? null;
  if (before !== null && now !== before) return { path, before, now };
  // The digest is that of the time when the execution was stored, which may be long after it ran.
  const stat = statSync(path, { throwIfNoEntry: false });
  const isLater = stat !== undefined && stat.mtimeMs > Date.parse(created_at);
  return isLater ? { path, before: null, now: null } : undefined;
}

/** Each as `NAME=VALUE`; if none were recorded, what hook commands commonly start with. */
function variablesOf(row: LogRow, env: Environment): string[] {
  const { cwd } = row;
  const project = cwd === null ? [] : [`CLAUDE_PROJECT_DIR=${workTreeOf(cwd) ?? cwd}`];
  const home = env['HOME'] ? [`HOME=${env['HOME']}`] : [];
  const recorded = Object.entries(recordedVariables(row));
  return [...project, ...recorded.map(([name, value]) => `${name}=${value}`), ...home];
}

/**
 * The agent's variables that the hook had. A value with a redacted secret is omitted: it is not what the hook had. So is
 * any name that HookBus does not record, whoever wrote it there.
 */
export function recordedVariables({ agent_variables }: LogRow): Record<string, string> {
  try {
    const found = JSON.parse(agent_variables ?? '{}') as Readonly<Record<string, unknown>>;
    const entries = Object.entries(found).filter(
      (entry): entry is [string, string] =>
        AGENT_VARIABLES.includes(entry[0]) &&
        typeof entry[1] === 'string' &&
        !holdsPlaceholder(entry[1]),
    );
    return Object.fromEntries(entries);
  } catch {
    // It is no JSON, so nothing is known.
    return {};
  }
}
