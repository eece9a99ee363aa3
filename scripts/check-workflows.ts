/*
 * Checks the workflows for GitHub Actions with GitHub's own language service, and prints what it finds. `make check`
 * bundles and runs it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';

const DIRECTORY = '.github/workflows';

async function check(): Promise<void> {
  for (const name of readdirSync(DIRECTORY)) {
    const path = join(DIRECTORY, name);
    const text = readFileSync(path, 'utf8');
    const found = await validate(TextDocument.create(`file:///${path}`, 'yaml', 1, text));
    for (const { message, range } of found) {
      console.error(`${path}:${range.start.line + 1}: ${message}`);
      process.exitCode = 1;
    }
  }
}

void check();
