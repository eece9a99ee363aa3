/*
 * Writes what the library's users see of its types to dist/new/types: of src/index.ts and the file that its types are
 * in. Nothing is checked here, which would take a build some seconds; `make check` does that. To be run from the root
 * of the repository: make build
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
