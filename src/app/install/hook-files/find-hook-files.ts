import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { eventOfFile, movedName } from '../../../agents/hook-files.ts';
import type { AgentSettings, Places, Scope } from '../../../agents/settings/agent-settings.ts';
import { findHookFile, type HookFileForm } from '../../../domain/hook/hook-file.ts';
import { mentionsHookbus } from '../../../domain/hook/wrapping.ts';
import { decodeUtf8 } from '../../reading/payload-text.ts';
import { isBelow } from '../find-settings.ts';

/** A file that an agent runs on the event that it is named after. */
export interface HookFile {
  readonly path: string;
  readonly scope: Scope;
  /** As the file is called, in the usual letters. */
  readonly event: string;
  /** Undefined for a link, or for a file that cannot be read. */
  readonly bytes: Buffer | undefined;
  /** Undefined for what is no text. */
  readonly text: string | undefined;
  readonly stat: Stats;
  /** Who put HookBus before it. */
  readonly prefix: 'install' | 'hand' | 'none';
  /** What `install` wrote in its place. */
  readonly form: HookFileForm | undefined;
  /** Its name in records, or what it would be. */
  readonly name: string;
  /** Where the hook itself is once it is wrapped. */
  readonly moved: string;
  /** What has that name now. */
  readonly movedStat: Stats | undefined;
  /** The project that its directory leads out of. */
  readonly leads?: string;
}

/** No script is so long. */
const MAX_BYTES = 4_000_000;

/** The hook files of an agent, in the order in which names are given. */
export function findHookFiles(agent: AgentSettings, places: Places): HookFile[] {
  const directories = agent.hookDirectories?.(places) ?? [];
  const seen = new Set<string>();
  const found = directories.flatMap(({ scope, path }) => {
    const target = realpathOf(path);
    if (target === undefined || seen.has(target)) return [];
    seen.add(target);
    const leads = scope === 'project' && !isBelow(target, realpathOf(places.projectRoot) ?? '/');
    return namesIn(path).flatMap(
      (name) => readHookFile(join(path, name), scope, leads ? places.projectRoot : undefined) ?? [],
    );
  });
  return withNames(found);
}

/** The hook file at a path; undefined if there is none. */
export function readHookFile(path: string, scope: Scope, leads?: string): HookFile | undefined {
  const event = eventOfFile(basename(path));
  const stat = lstatOf(path);
  if (event === undefined || stat === undefined || stat.isDirectory()) return undefined;
  const bytes = stat.isFile() && stat.size <= MAX_BYTES ? bytesOf(path) : undefined;
  const text = bytes && decodeUtf8(bytes);
  const form = text === undefined ? undefined : findHookFile(text);
  const moved = join(dirname(path), form?.moved ?? movedName(basename(path)));
  return {
    ...{ path, scope, event, bytes, text, stat, form, moved },
    prefix: form !== undefined ? 'install' : mentionsHookbus(text ?? '') ? 'hand' : 'none',
    name: form?.name ?? usualName(event),
    movedStat: lstatOf(moved),
    ...(leads === undefined ? {} : { leads }),
  };
}

/** What a process leaves that was killed between its two steps: the hook has both names. */
export const isHalfDone = (file: HookFile): boolean =>
  isSame(file.stat, file.movedStat) && namesOf(file) === 2;

/** How many names (hard links) the file has that somebody else made. */
export const namesOf = (file: HookFile): number => file.stat.nlink - leftovers(file).length;

/** The name under which one of the two is put in the place of the other. */
export const nameBetween = ({ moved }: HookFile): string => `${moved}.${process.pid}`;

/** What processes left that were killed before they had put it there. */
export function leftovers({ moved, stat, movedStat }: HookFile): string[] {
  const start = `${basename(moved)}.`;
  return namesIn(dirname(moved))
    .filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .map((name) => join(dirname(moved), name))
    .filter((path) => [stat, movedStat].some((one) => isSame(lstatOf(path), one)));
}

const isSame = (one: Stats | undefined, other: Stats | undefined): boolean =>
  one !== undefined && one.ino === other?.ino && one.dev === other.dev;

const usualName = (event: string): string =>
  `cline${event.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** A name that stands in a file stays; the others get a number where theirs is taken. */
function withNames(files: readonly HookFile[]): HookFile[] {
  const taken = new Set(files.flatMap(({ form }) => form?.name ?? []));
  return files.map((file) => {
    if (file.form !== undefined) return file;
    let name = file.name;
    for (let count = 2; taken.has(name); count += 1) name = `${file.name}-${count}`;
    taken.add(name);
    return { ...file, name };
  });
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function bytesOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
