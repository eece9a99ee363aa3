/*
 * Writes the public types of the library, from src/index.ts and the file that declares them, to dist/new/types. It does
 * not check types, which would slow the build down by seconds; `make check` does. Run it from the root of the
 * repository: make build
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
