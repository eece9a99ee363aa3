/*
 * Writes what docs repeat from the code: docs/cli.md from the help of every command, docs/errors.md from the error codes, and
 * the tables of columns in docs/database.md and docs/json.md. With --check it only says what is not up to date.
 * Run it from the root of the repository: make docs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { commandHelp, overview } from '../src/cli/words/help.ts';
import { ERROR_CODES } from '../src/domain/errors.ts';
import { COLUMNS, type Column } from '../src/store/columns.ts';

const WRITTEN = '<!-- Written by scripts/generate-docs.ts. Do not edit; run: make docs -->';

function commandPage(): string {
  return [
    '# Commands',
    '',
    WRITTEN,
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
    'A command exits 0, or 1 with an error code; [errors.md](errors.md) lists the codes.',
    '',
  ].join('\n');
}

function fenced(lines: readonly string[]): string[] {
  return ['```text', ...lines, '```', ''];
}

function errorPage(): string {
  return [
    '# Errors',
    '',
    WRITTEN,
    '',
    'A command exits 0 or 1; `replay` also exits 1 if something changed. An error is one line on stderr. With `--json` it is',
    'one line of JSON there, `{"error":{"code":…,"message":…,"hint":…}}`, and stdout stays empty. The codes are stable, the',
    'words are not.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    '',
  ].join('\n');
}

const columns: readonly (readonly [string, Column<unknown>])[] = Object.entries(COLUMNS);

function databaseTable(): string[] {
  const stored = columns.filter(([, { sql }]) => sql === undefined);
  return [
    '| column | meaning |',
    '|---|---|',
    ...stored.map(
      ([name, { about }]) => `| \`${name}\` | ${about.replace('(database.md#', '(#')} |`,
    ),
  ];
}

function jsonTable(): string[] {
  return [
    '| field | type | meaning |',
    '|---|---|---|',
    ...columns.map(
      ([name, { type, isNullable, about }]) =>
        `| \`${name}\` | ${type}${isNullable ? ' or null' : ''} | ${about} |`,
    ),
  ];
}

/** A page with its table of columns, which stands between two marks, written anew. */
function withTable(path: string, table: readonly string[]): string {
  const page = readOrEmpty(path);
  const [before, rest] = page.split('<!-- columns: make docs -->\n');
  const after = rest?.split('<!-- end -->\n')[1];
  if (before === undefined || after === undefined)
    throw new Error(`expected marks of columns in ${path}`);
  return `${before}<!-- columns: make docs -->\n${table.join('\n')}\n<!-- end -->\n${after}`;
}

const pages = {
  'docs/cli.md': commandPage(),
  'docs/errors.md': errorPage(),
  'docs/database.md': withTable('docs/database.md', databaseTable()),
  'docs/json.md': withTable('docs/json.md', jsonTable()),
};

for (const [path, text] of Object.entries(pages)) {
  if (readOrEmpty(path) === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} differs from what the code says; run: make docs`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
