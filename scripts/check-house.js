/*
 * Checks where the code is: each file imports from its own folder or from one with a lower rank in the table of
 * docs/architecture.md, and no folder holds more than a few files. Run by make check.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MAX_FILES = 14;
/** Released migrations are never removed, and the C files have no subfolders. */
const LARGE = new Set(['src/store/migrations', 'src/launcher']);

const RANK = /^\| `src\/([a-z]+)(?:\/|\.ts)` \| (\d+) \|/gm;
const IMPORT = /(?:\bfrom\s|\bimport\s*\(?)\s*'(\.[^']+)'/g;

const table = readFileSync('docs/architecture.md', 'utf8');
const ranks = new Map([...table.matchAll(RANK)].map(([, name, rank]) => [name, Number(rank)]));
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');

const folderOf = (file) => file.split('/')[1]?.replace(/\.ts$/, '');

function* wrongImports(file) {
  const from = folderOf(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const to = folderOf(join(dirname(file), path));
    if (from === to || ranks.get(to) < ranks.get(from)) continue;
    yield `${file}: imports ${path}, and src/${to}/ is not of a lower rank than src/${from}/ (docs/architecture.md)`;
  }
}

function* largeFolders() {
  const sizes = new Map();
  for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  for (const [folder, size] of sizes)
    if (size > MAX_FILES && !LARGE.has(folder))
      yield `${folder}/: ${size} files, at most ${MAX_FILES} beside sub-folders: give a part of them a folder`;
}

const problems = [
  ...files.filter((file) => file.endsWith('.ts')).flatMap((file) => [...wrongImports(file)]),
  ...largeFolders(),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
