/*
 * Makes fixtures/secrets/gitleaks.json from the examples in the sources of gitleaks: the literal strings that its rules
 * must find or must ignore. They are in base64, so that no secret scanner takes the file for a leak.
 *
 *   node scripts/extract-gitleaks-examples.js gitleaks/cmd/generate/config/rules
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: extract-gitleaks-examples.js FOLDER_OF_RULES');
const MAX_LENGTH = 600;
const LITERAL = /`([^`]*)`|"((?:[^"\\\n]|\\.)*)"/g;

const { forms, named } = JSON.parse(
  readFileSync(new URL('../src/redaction/gitleaks/rules.json', import.meta.url), 'utf8'),
);
const used = new Set([...forms, ...named].map(({ id }) => id));
const examples = { found: [], left: [] };

for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.go'))
  .sort()) {
  for (const source of readFileSync(join(folder, file), 'utf8').split(/^func /m)) {
    const id = /RuleID:\s+"([^"]+)"/.exec(source)?.[1];
    if (id === undefined || !used.has(id)) continue;
    const [, validation = ''] = source.split('// validate');
    const at = validation.indexOf('fps := ');
    collect(examples.found, id, at === -1 ? validation : validation.slice(0, at));
    if (at !== -1) collect(examples.left, id, validation.slice(at));
  }
}
writeFileSync(
  new URL('../fixtures/secrets/gitleaks.json', import.meta.url),
  `${JSON.stringify(examples, null, 1)}\n`,
);

function collect(list, id, source) {
  const lines = source
    .split('\n')
    .filter((line) => !/NewSecret|GenerateSample|^\s*\/\//.test(line))
    .join('\n');
  for (const [, raw, quoted] of lines.matchAll(LITERAL)) {
    const text = raw ?? JSON.parse(`"${quoted.replace(/\\(?![\\"nrtbfu])/g, '\\\\')}"`);
    if (text.length < 20 || text.length > MAX_LENGTH) continue;
    list.push({ id, text: Buffer.from(text).toString('base64') });
  }
}
