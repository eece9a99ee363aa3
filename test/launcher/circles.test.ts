import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';
import { titleOf } from './support/launcher.ts';
import { FLAGS, SOURCES } from './support/sanitized.ts';

const canLink: true | string =
  (spawnSync('cc', ['--version']).status === 0 && spawnSync('nm', ['--version']).status === 0) ||
  'there is no C compiler with nm';

/** Runs a program in a directory. @throws with its stderr if it fails */
function output(directory: string, program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

/** The name of each source without `.c`, and the other sources whose functions or variables it uses. */
function usesOf(sources: readonly string[]): Map<string, readonly string[]> {
  const directory = temporaryDirectory();
  output(directory, 'cc', [...FLAGS, '-c', ...sources]);
  const modules = sources.map((path) => basename(path, '.c'));
  const symbols = modules.map((module) =>
    output(directory, 'nm', ['-g', '-P', join(directory, `${module}.o`)])
      .split('\n')
      .map((line) => line.split(' ')),
  );
  const definedIn = new Map<string, string>();
  modules.forEach((module, index) => {
    for (const [name = '', type = 'U'] of symbols[index] ?? [])
      if (type !== 'U') definedIn.set(name, module);
  });
  return new Map(
    modules.map((module, index) => {
      const used = (symbols[index] ?? []).flatMap(([name = '', type]) =>
        type === 'U' ? (definedIn.get(name) ?? []) : [],
      );
      return [module, [...new Set(used)]];
    }),
  );
}

/** The names along the first circle found, which starts and ends with the same name. */
function findCircle(uses: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const isFinished = new Set<string>();
  const visit = (module: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(module)) return [...above.slice(above.indexOf(module)), module];
    if (isFinished.has(module)) return undefined;
    for (const used of uses.get(module) ?? []) {
      const circle = visit(used, [...above, module]);
      if (circle !== undefined) return circle;
    }
    isFinished.add(module);
    return undefined;
  };
  for (const module of uses.keys()) {
    const circle = visit(module, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

it.skipIf(canLink !== true)(
  titleOf('no source files of the launcher depend on each other in a circle', canLink),
  () => {
    const uses = usesOf(SOURCES);
    expect(uses.get('main')).toContain('watch');
    expect(findCircle(uses)?.join(' -> ')).toBeUndefined();
  },
);

it.skipIf(canLink !== true)(titleOf('a circle between source files is found', canLink), () => {
  const directory = temporaryDirectory();
  const source = (name: string, code: string): string => {
    const path = join(directory, `${name}.c`);
    writeFileSync(path, code);
    return path;
  };
  const main = source('main', 'int one(void);\nint main(void) { return one(); }\n');
  const one = source('one', 'int two(void);\nint one(void) { return two(); }\n');
  const two = source('two', 'extern int count;\nint two(void) { return count; }\n');
  const count = source('count', 'int one(void);\nint count;\nint three(void) { return one(); }\n');
  const sources = [main, one, two, count];
  expect(findCircle(usesOf(sources))).toEqual(['one', 'two', 'count', 'one']);
  source('count', 'int count;\n');
  expect(findCircle(usesOf(sources))).toBeUndefined();
});
