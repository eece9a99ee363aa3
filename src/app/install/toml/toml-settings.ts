import type { Node } from 'jsonc-parser';
import { parseTomlHooks } from '../../../agents/formats/toml-hooks.ts';
import { type JsonProblem, parseSettings } from '../../../agents/settings/read-settings-text.ts';

/** How a command in a TOML file was spelled, by its event and command. */
export type Spellings = Readonly<Record<string, string>>;

export const isToml = (path: string): boolean => path.endsWith('.toml');

/** The hooks of a TOML file as JSON, or why it is not TOML. */
export function readTomlHooks(
  text: string,
): { readonly text: string; readonly root: Node } | { readonly problem: JsonProblem } {
  const parsed = parseTomlHooks(text);
  if (parsed !== undefined) return parsed;
  const empty = parseSettings('{}', false);
  return 'root' in empty ? { text: '{}', root: empty.root } : empty;
}
