import { basename, dirname } from 'node:path';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import type { Environment } from '../../config/settings.ts';
import { shellWord } from '../../domain/hook/shell-word.ts';
import type { FoundHook } from '../hooks/configured-hooks.ts';

/** The words that the agent would start for a hook; undefined if it has no command. */
export function caseCommand(hook: FoundHook, env: Environment): readonly string[] | undefined {
  const { kind, command, args } = hook;
  const variables = { ...env, ...pluginVariables(hook) };
  if (kind === 'program')
    return [command, ...args].map((word) => withPlaceholders(word, variables));
  return kind === 'line' ? [...shellOf(hook), written(hook, variables)] : undefined;
}

/** Variables that only the hooks of a plugin have. */
export function pluginVariables({ agent, source, path }: FoundHook): Record<string, string> {
  if (agent !== 'claude' || source !== 'plugin') return {};
  const directory = dirname(path);
  return { CLAUDE_PLUGIN_ROOT: basename(directory) === 'hooks' ? dirname(directory) : directory };
}

/** The shell of a line, with its options. */
function shellOf({ agent, options }: FoundHook): readonly string[] {
  if (agent === 'copilot') return ['/bin/bash', '--norc', '--noprofile', '-c'];
  // Codex has the shell of the user database; in CI that is bash or does not matter.
  const isBash = options?.shell === 'bash' || AGENT_SETTINGS[agent].shell !== 'sh';
  return isBash ? ['bash', '-c'] : ['/bin/sh', '-c'];
}

/** Gemini CLI writes the values of some variables into a line before a shell reads it. */
function written({ agent, command }: FoundHook, env: Environment): string {
  const { writesIntoLines } = AGENT_SETTINGS[agent];
  if (writesIntoLines === undefined) return command;
  return command.replaceAll(new RegExp(writesIntoLines, 'g'), (variable) => {
    const value = env[variable.slice(1)];
    return value === undefined ? variable : shellWord(value);
  });
}

/** Claude Code replaces placeholders in a program and its arguments, where no shell does. */
const withPlaceholders = (word: string, env: Environment): string =>
  word.replaceAll(/\$\{(CLAUDE_\w+)\}/g, (whole, name: string) => env[name] ?? whole);
