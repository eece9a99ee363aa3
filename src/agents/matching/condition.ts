import { escaped, testPattern } from './bounded-pattern.ts';
import { type Anchors, matchesPath } from './path-pattern.ts';
import { readShellCommands } from './shell-commands.ts';
import { no, quoted, unknown, type Verdict, yes } from './verdict.ts';

/** Events on which Claude Code checks `if`; on any other event, a hook with `if` never runs. */
const CHECKED_ON: ReadonlySet<string> = new Set([
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'PermissionRequest',
  'PermissionDenied',
]);

/** Tools whose specifier is a path, and the field of their input that has it. */
const PATH_FIELDS: Readonly<Record<string, string>> = {
  Read: 'file_path',
  Edit: 'file_path',
  Write: 'file_path',
  MultiEdit: 'file_path',
  NotebookEdit: 'notebook_path',
};

/** A tool call, as far as it is known. */
export interface ToolCall {
  readonly event: string;
  readonly tool: string | undefined;
  readonly input: Readonly<Record<string, unknown>> | undefined;
}

/** Whether `if`, a permission rule of Claude Code, lets a hook run. */
export function testCondition(condition: string, call: ToolCall, anchors: Anchors): Verdict {
  const written = `if ${quoted(condition)}`;
  const { event, tool, input } = call;
  if (!CHECKED_ON.has(event)) return no(`${written}: on ${event} a hook with "if" never runs`);
  if (tool === undefined) return unknown(`${written}: no tool is given`);
  const { name, specifier } = parseRule(condition);
  if (name !== tool && !isServerOf(name, tool)) return no(`${written} is not for ${quoted(tool)}`);
  if (specifier === undefined || specifier === '' || /^\*+$/.test(specifier)) {
    return yes(`${written} matches`);
  }
  if (input === undefined) return unknown(`${written}: no input is given`);
  const verdict = testSpecifier(tool, specifier, input, anchors);
  return { ...verdict, reason: `${written} ${verdict.reason}` };
}

/** `Tool` or `Tool(specifier)`. */
function parseRule(rule: string): { name: string; specifier: string | undefined } {
  const [, name = rule, specifier] = /^([^()]*)\(([\s\S]*)\)$/.exec(rule) ?? [];
  return { name, specifier };
}

/** `mcp__server` and `mcp__server__*` stand for every tool of the server. */
function isServerOf(name: string, tool: string): boolean {
  if (!/^mcp__[^_]/.test(name)) return false;
  if (name.endsWith('*')) return tool.startsWith(name.slice(0, -1));
  return !name.slice('mcp__'.length).includes('__') && tool.startsWith(`${name}__`);
}

function testSpecifier(
  tool: string,
  specifier: string,
  input: Readonly<Record<string, unknown>>,
  anchors: Anchors,
): Verdict {
  if (tool === 'Bash') return testBash(specifier, input['command']);
  const field = PATH_FIELDS[tool];
  if (field !== undefined && specifier.startsWith(`${field}:`)) {
    return no('never matches: Claude Code ignores such a rule');
  }
  const value = input[field ?? ''];
  if (field !== undefined) {
    if (typeof value !== 'string') return unknown(`: no ${field} is given`);
    const matches = matchesPath(specifier, value, anchors);
    if (matches === undefined)
      return unknown('cannot be decided for a file outside of its directory');
    return matches ? yes('matches') : no(`does not match ${quoted(value)}`);
  }
  return unknown(`: HookBus cannot read a rule for ${tool}`);
}

function testBash(specifier: string, command: unknown): Verdict {
  if (typeof command !== 'string') return unknown(': no command is given');
  const pattern = toPattern(specifier);
  const { commands, hasExpansion, isComplex } = readShellCommands(command);
  if (commands.some((text) => testPattern(pattern, text))) return yes('matches');
  if (isComplex) {
    return unknown('cannot be decided for this command; Claude Code runs the hook when in doubt');
  }
  // With nothing but a command's name, words that are not known yet cannot matter.
  const isNameAlone = /^[^\s*]+(?::\*| \*|\*)$/.test(specifier);
  if (hasExpansion && !isNameAlone) {
    return yes('runs on any command with a substitution or a variable');
  }
  return no(`does not match ${quoted(command)}`);
}

/** `*` is any text; ` *` and `:*` at the end stand for arguments, or none. */
function toPattern(specifier: string): RegExp {
  const text = specifier.trim().replace(/:\*$/, ' *');
  const [, prefix] = /^([^*]*) \*$/.exec(text) ?? [];
  const source = (part: string) => part.split(/\*+/).map(escaped).join('[\\s\\S]*');
  return new RegExp(
    prefix === undefined ? `^${source(text)}$` : `^${source(prefix)}(?: [\\s\\S]*)?$`,
  );
}
