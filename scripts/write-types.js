/*
 * Writes the types of the library to dist/new/types: those of src/index.ts and of the file that they come from. It checks
 * nothing, which would add seconds to a build; make check does. Run from the root of the repository by make build.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import ts from 'typescript';

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  isolatedDeclarations: true,
  declaration: true,
};

for (const name of ['index', 'library/types']) {
  const fileName = `src/${name}.ts`;
  const source = readFileSync(fileName, 'utf8');
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
    fileName,
    compilerOptions,
    reportDiagnostics: true,
  });
  if (diagnostics.length > 0) {
    const reasons = diagnostics.map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    );
    throw new Error(`${fileName}: ${reasons.join('\n')}`);
  }
  const target = `dist/new/types/${name}.d.ts`;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText.replaceAll(".ts'", ".js'").replaceAll('.ts"', '.js"'));
}
