/*
 * Hooks that are files named after their events, as Cline has them (the command line, read in 3.0.65). Its command line takes
 * the words of the `#!` line, and looks for the usual shells and Python on PATH; its editor's extension leaves all of it to the
 * system, and runs only what is executable.
 */

/** What a file is called, and what the command line then writes into the payload. */
export const CLINE_EVENTS: Readonly<Record<string, string>> = {
  TaskStart: 'agent_start',
  TaskResume: 'agent_resume',
  TaskCancel: 'agent_abort',
  TaskComplete: 'agent_end',
  TaskError: 'agent_error',
  PreToolUse: 'tool_call',
  PostToolUse: 'tool_result',
  UserPromptSubmit: 'prompt_submit',
  SessionShutdown: 'session_shutdown',
};

/** Events of the editor's extension alone. */
const EDITOR_EVENTS = ['PreCompact'];

const EVENTS = new Map(
  [...Object.keys(CLINE_EVENTS), ...EDITOR_EVENTS].map((event) => [event.toLowerCase(), event]),
);

const FILE_NAME = /^([a-z]+)(?:\.(?:sh|bash|zsh|[cm]?[jt]s|py|ps1))?$/i;

/** The event of a hook file; undefined for any other file. */
export const eventOfFile = (name: string): string | undefined =>
  EVENTS.get(FILE_NAME.exec(name)?.[1]?.toLowerCase() ?? '');

/** Where the hook itself goes: Cline does not know the name, and interpreters still see the extension. */
export const movedName = (name: string): string => `hookbus-${name}`;

/** Signs that a script does what its own name says. */
const READS_NAME =
  /\bbasename\b|\$\{0##|\$\{BASH_SOURCE[^}]*##|\bargv\[[01]\]|\$0:t|\bparse\([^)]*argv|\.(?:stem|name)\b.*__file__|__file__.*\.(?:stem|name)\b/;

/**
 * Why a file may not run under another name, with another file in its place; undefined if it may.
 * @param isOnPath whether PATH leads to this very program, by its name
 */
export function reasonToLeaveFile(
  text: string,
  isOnPath: (program: string) => boolean,
): string | undefined {
  const [first = ''] = text.split('\n', 1);
  if (!/^#!\s*\S/.test(first)) return 'it has no #! line; add one to have it recorded';
  if (first.endsWith('\r')) return 'its #! line ends in a carriage return';
  const [program = '', ...options] = first.slice(2).trim().split(/\s+/);
  if (options.length > 1)
    return 'its #! line has several words after the program, which systems read differently';
  if (program.endsWith('/env') && /^-|=/.test(options[0] ?? '-'))
    return `Cline does not read the #! line ${first} as the system does`;
  if (/\/(?:bash|sh|zsh|python3?)$/.test(program) && !isOnPath(program)) {
    const name = program.replace(/^.*\//, '');
    return `Cline's command line starts the ${name} on PATH, the system ${program}; write #!/usr/bin/env ${name} to have it recorded`;
  }
  return READS_NAME.test(text) ? 'it looks at its own name, which would change' : undefined;
}
