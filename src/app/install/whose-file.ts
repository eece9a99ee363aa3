import { realpathSync } from 'node:fs';
import { sep } from 'node:path';
import type { Node } from 'jsonc-parser';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import { eventsIn } from '../../agents/settings/find-hooks.ts';
import { memberOf, textOf } from '../../agents/settings/read-settings-text.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { readSettingsFile } from './settings-file.ts';
import { createLedger } from './settings-ledger.ts';
import { isToml } from './toml/toml-settings.ts';

/** Directories of agents' settings files. */
const DIRECTORIES: Readonly<Record<string, AgentName>> = {
  '.claude': 'claude',
  '.codex': 'codex',
  '.gemini': 'gemini',
  '.cursor': 'cursor',
  '.copilot': 'copilot',
  '.github': 'copilot',
  '.qwen': 'qwen',
  '.augment': 'auggie',
  '.factory': 'droid',
};

/** The directory of an agent that a file is in, and the agent; undefined if it is in none. */
export function ownerByPlace(
  paths: readonly string[],
): { readonly directory: string; readonly agent: AgentName } | undefined {
  const directory = paths
    .flatMap((path) => path.split(sep).slice(-3, -1).reverse())
    .find((name) => Object.hasOwn(DIRECTORIES, name));
  const agent = DIRECTORIES[directory ?? ''];
  return directory === undefined || agent === undefined ? undefined : { directory, agent };
}

/**
 * Whose settings an existing file has: by what `install` wrote there, its place, or what only one agent has.
 * @returns undefined if several agents have such files
 */
export function ownerOf(path: string, paths: StatePaths): AgentName | undefined {
  const target = realpathSync(path);
  const known = createLedger(paths.settings).read(target);
  return known?.agent ?? ownerByPlace([path, target])?.agent ?? ownerByContent(path);
}

const GEMINI = /^(?:(?:Before|After)(?:Tool|Agent|Model|ToolSelection)|PreCompress)$/;
const CURSOR = /^(?:(?:before|after)[A-Z]|stop$)/;
const COPILOT =
  /^(?:userPrompt(?:Submitted|Transformed)|agentStop|errorOccurred|permissionRequest)$/;
const COPILOT_FIELDS = ['bash', 'powershell', 'exec', 'timeoutSec'];

function ownerByContent(path: string): AgentName | undefined {
  if (isToml(path)) return 'codex';
  let root: Node;
  try {
    root = readSettingsFile(path, true).root;
  } catch {
    // A broken file is reported when it is read to be changed.
    return 'claude';
  }
  if (memberOf(root, 'hooks') === undefined && eventsIn(root, AGENT_SETTINGS.droid).length > 0)
    return 'droid';
  const found = eventsIn(root);
  // Without a hook, nothing in it is taken for another agent's.
  if (found.length === 0) return 'claude';
  const has = (pattern: RegExp): boolean => found.some(([event]) => pattern.test(event));
  if (has(GEMINI)) return 'gemini';
  if (has(/^PromptSubmit$/)) return 'auggie';
  if (has(CURSOR)) return 'cursor';
  const entries = found.flatMap(([, list]) => list.children ?? []);
  const isCopilots = COPILOT_FIELDS.some((field) =>
    entries.some((entry) => memberOf(entry, field) !== undefined),
  );
  if (has(COPILOT) || isCopilots) return 'copilot';
  const isClaudes =
    /claude/.test(textOf(memberOf(root, '$schema')) ?? '') ||
    memberOf(root, 'enabledPlugins') !== undefined ||
    memberOf(root, 'statusLine')?.type === 'object';
  return isClaudes ? 'claude' : undefined;
}
