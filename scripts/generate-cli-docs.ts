/*
 * Writes docs/cli.md from the help of every command. With --check it only says whether the page is up to date.
 * To be run from the root of the repository: make docs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { commandHelp, overview } from '../src/cli/words/help.ts';

const PAGE = 'docs/cli.md';

const ERRORS = [
  [
    'E_USAGE',
    'A command, an option or a value cannot be used. The message says what was expected.',
  ],
  ['E_SETTING', 'A variable that the command depends on cannot be used.'],
  ['E_NOT_FOUND', 'There is no such execution, or no such session.'],
  ['E_AMBIGUOUS', 'Several executions, or sessions, have an id that begins like this.'],
  ['E_REPLAY', 'None of what was asked for can be replayed; the message says why.'],
  ['E_NO_HOME', 'Neither `HOOKBUS_HOME` nor `HOME` says where the state directory is.'],
  [
    'E_HOME',
    'The state directory is not this user’s alone, or not known to be; the message says what to type.',
  ],
  ['E_DB', 'The database cannot be opened, read or written; the message has the reason.'],
  [
    'E_DB_NEWER',
    'The database is of a later HookBus. It is left alone; executions wait in the spool.',
  ],
  ['E_FILE', 'A file cannot be written, or is there and was not to be replaced.'],
  ['E_CONFIG', 'config.json cannot be used or written; the message says where and why.'],
  ['E_GATE', 'The gate file of the hook cannot be changed; the message has the reason.'],
  [
    'E_HOOK',
    'It is not clear which hook is meant: none of that name is on record, several are, or its command is not whole there.',
  ],
  ['E_CONFIRM', 'Nobody agreed to what `off` means for this hook; nothing was changed.'],
  ['E_PROTECTED', 'The hook is protected by /etc/hookbus/policy.json, which is root’s.'],
  ['E_DASHBOARD', 'The dashboard cannot be served or opened; the message has the reason.'],
  [
    'E_DAEMON',
    'The daemon was started and does not answer; its log says why. Or it cannot be followed.',
  ],
  ['E_SQLITE', 'better-sqlite3 is missing, or its native part does not fit this Node.js.'],
  [
    'E_SETTINGS_FILE',
    'A settings file cannot be used; the message says which, and where it is no JSON.',
  ],
  ['E_UNEXPECTED', 'A fault in HookBus itself. `HOOKBUS_DEBUG=1` shows where.'],
] as const;

function page(): string {
  return [
    '# Commands',
    '',
    '<!-- Written by scripts/generate-cli-docs.ts from the commands’ own help. Do not edit; run: make docs -->',
    '',
    'Every command but `run` takes `--json`; [json.md](json.md) describes what it prints. Times are local for people',
    'and UTC in JSON. Colour is used on a terminal only, and not where `NO_COLOR` is set. No line is wider than 100',
    'columns, or than the terminal where that is narrower, down to 80. Control characters and other characters that',
    'cannot be seen are spelled out in recorded text: `\\n`, `\\x1b`, `\\u202e`.',
    '',
    ...fenced(overview(COMMANDS)),
    ...COMMANDS.flatMap((command) => [
      `## hookbus ${command.name}`,
      '',
      ...fenced(commandHelp(command)),
    ]),
    '## Errors',
    '',
    'A command for people exits 0 or 1; `replay` exits 1 also where something changed. What went wrong is one line on stderr; with `--json` it is one line of JSON',
    'there, `{"error":{"code":…,"message":…,"hint":…}}`, and stdout stays empty. The codes are stable, the words are not.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...ERRORS.map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    '',
  ].join('\n');
}

function fenced(lines: readonly string[]): string[] {
  return ['```text', ...lines, '```', ''];
}

const isUpToDate = readOrEmpty(PAGE) === page();
if (process.argv.includes('--check')) {
  if (!isUpToDate) {
    console.error(`${PAGE} is not what the commands say; run: make docs`);
    process.exitCode = 1;
  }
} else if (!isUpToDate) writeFileSync(PAGE, page());

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
