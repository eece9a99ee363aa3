import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'jsonc-parser';
import { parseFrontmatter } from '../../agents/formats/frontmatter.ts';
import type { SettingsText } from '../../agents/formats/located.ts';
import { parseTomlHooks } from '../../agents/formats/toml-hooks.ts';
import {
  type JsonProblem,
  parseSettings,
  parseTolerantly,
} from '../../agents/settings/read-settings-text.ts';
import { readBounded } from '../../os/read-bounded.ts';
import type { Source } from './configured-hook.ts';

/** A file in which an agent looks for hooks. */
export interface HookSource {
  readonly source: Source;
  /** The name of the plugin, skill or agent. */
  readonly owner?: string | undefined;
  readonly path: string;
  readonly form: 'json' | 'frontmatter' | 'toml';
  /** A switch in it counts for its own hooks alone. */
  readonly isAlone?: boolean;
  /** The part of the file that has `hooks` among its members; undefined: all of it. */
  readonly part?: (root: Node) => Node | undefined;
}

/** A settings file is some kilobytes. */
const MAX_BYTES = 4_000_000;

/** How many entries of one directory are looked at. */
const MAX_ENTRIES = 2000;

/** The text of a file of hooks; undefined: there is none, or it has no hooks. */
export function readSource(
  { path, form }: Pick<HookSource, 'path' | 'form'>,
  allowsComments: boolean,
): SettingsText | { readonly problem: JsonProblem; readonly rest?: SettingsText } | undefined {
  const text = readBounded(path, MAX_BYTES);
  if (form === 'frontmatter') return parseFrontmatter(text);
  if (form === 'toml') return parseTomlHooks(text);
  const parsed = parseSettings(text, allowsComments);
  if ('root' in parsed) return inText(text, parsed.root);
  // People expect these hooks to run.
  const rest = parseTolerantly(text);
  return rest === undefined ? parsed : { problem: parsed.problem, rest: inText(text, rest) };
}

function inText(text: string, root: Node): SettingsText {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const lineOf = ({ offset }: Node): number => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  return { text, root, lineOf };
}

/** The names in a directory, sorted; none if it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort().slice(0, MAX_ENTRIES);
  } catch {
    return [];
  }
}

/** The files below a directory that end so, at most `depth` directories down. Links to directories are not followed. */
export function filesBelow(directory: string, end: string, depth: number): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true }).slice(0, MAX_ENTRIES);
    return entries
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) return depth > 0 ? filesBelow(path, end, depth - 1) : [];
        return entry.name.endsWith(end) && isFile(path) ? [path] : [];
      });
  } catch {
    return [];
  }
}

/** Whether there is a file, or something that looks like one. */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // A directory that may not be entered: reading the file will say so.
    return false;
  }
}
