/*
 * Checks the house, as part of `make check`:
 * - ranks: each file imports from its own folder or from one of a lower rank (the table in docs/architecture.md)
 * - sizes: no folder holds more files than a reader can survey
 * - words: no banned word (scripts/banned-words.json) in pages, comments, messages, names and titles of tests
 *
 * `node scripts/check-house.js --words [PATH...]` checks words alone, in CHECKED or in the given files and folders.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MAX_FILES = 14;
/** Migrations are never removed, and the C files have no sub-folders. */
const LARGE = new Set(['src/store/migrations', 'src/launcher']);

/** Files and folders whose words are checked. */
const CHECKED = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'docs'],
  ...['src', 'test', 'scripts', 'bench', 'contrib', '.ci'],
];
/** Code and pages; data such as JSON may have any word. Files in .ci have no ending. */
const HAS_WORDS = /\.(?:[ch]|cjs|html|js|md|py|sh|ts)$|^\.ci\//;
/** Copied from others; or released, and so never changed. */
const UNCHECKED = ['src/redaction/gitleaks', 'src/store/migrations'];

const RANK = /^\| `src\/([a-z]+)(?:\/|\.ts)` \| (\d+) \|/gm;
const IMPORT = /(?:\bfrom\s|\bimport\s*\(?)\s*'(\.[^']+)'/g;

const listed = (...paths) =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...paths], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(file));

const table = readFileSync('docs/architecture.md', 'utf8');
const ranks = new Map([...table.matchAll(RANK)].map(([, name, rank]) => [name, Number(rank)]));
const files = listed('src');

const folderOf = (file) => file.split('/')[1]?.replace(/\.ts$/, '');

function* wrongImports(file) {
  const from = folderOf(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const to = folderOf(join(dirname(file), path));
    if (from === to || ranks.get(to) < ranks.get(from)) continue;
    yield `${file}: imports ${path}, but src/${to}/ must have a lower rank than src/${from}/ (docs/architecture.md)`;
  }
}

function* largeFolders() {
  const sizes = new Map();
  for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  for (const [folder, size] of sizes)
    if (size > MAX_FILES && !LARGE.has(folder))
      yield `${folder}/: ${size} files, at most ${MAX_FILES} allowed; move some of them to a sub-folder`;
}

const { words, phrases, allowed } = JSON.parse(readFileSync('scripts/banned-words.json', 'utf8'));
const ALLOWED = new RegExp(allowed.join('|'), 'g');
/** In pages, backticks quote code. In code, they contain text that people read. */
const ALLOWED_IN_PAGES = new RegExp(['`[^`]*`', ...allowed].join('|'), 'g');
const compiled = (entries) =>
  entries.map(({ forms, say }) => ({
    pattern: new RegExp(`\\b(?:${forms})\\b`, /^[A-Z]/.test(forms) ? '' : 'i'),
    say,
  }));
const BANNED = compiled(words);
const BANNED_IN_PAGES = compiled([...words, ...phrases]);

/** `fooBar` and `foo_bar` as words, so that names are read like prose. */
const apart = (line) =>
  line.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/(?<=[A-Za-z])_(?=[A-Za-z])/g, ' ');

function* bannedWords(file) {
  const isPage = file.endsWith('.md');
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const text = apart(line.replace(isPage ? ALLOWED_IN_PAGES : ALLOWED, ''));
    for (const { pattern, say } of isPage ? BANNED_IN_PAGES : BANNED) {
      const found = pattern.exec(text);
      if (found) yield `${file}:${index + 1}: "${found[0]}" is banned, say: ${say}`;
    }
  }
}

const isIn = (paths) => (file) =>
  paths.some((path) => file === path || file.startsWith(`${path}/`));

/** The banned words below `paths`, or in all that is checked. */
function wordProblems(paths) {
  const skipped = isIn(UNCHECKED);
  const isFile = (path) => statSync(path).isFile();
  const found = paths.length === 0 ? listed(...CHECKED) : [];
  for (const path of paths) found.push(...(isFile(path) ? [path] : listed(path)));
  return found
    .filter((file) => HAS_WORDS.test(file) && !skipped(file))
    .flatMap((file) => [...bannedWords(file)]);
}

function houseProblems() {
  return [
    ...files.filter((file) => file.endsWith('.ts')).flatMap((file) => [...wrongImports(file)]),
    ...largeFolders(),
  ];
}

const [option, ...paths] = process.argv.slice(2);
const problems = [...(option === '--words' ? [] : houseProblems()), ...wordProblems(paths)];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
