/*
 * Makes src/redaction/gitleaks/rules.json from the rules in config/gitleaks.toml of gitleaks.
 *
 *   git -C gitleaks show v8.30.0:config/gitleaks.toml > gitleaks.toml
 *   node scripts/convert-gitleaks.js gitleaks.toml VERSION COMMIT
 *
 * Regular expressions take linear time in Go, but not always in JavaScript. So this script accepts only rules of two
 * shapes that do: `forms` start with a literal and have bounded repetitions; of `named` it keeps the words and the value,
 * and src/redaction/rules/list.ts adds the part between them. It refuses all other rules.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [file, version, commit] = process.argv.slice(2);
if (file === undefined || version === undefined || commit === undefined) {
  throw new Error('usage: convert-gitleaks.js GITLEAKS_TOML VERSION COMMIT');
}

/** Rules that HookBus replaces by better ones, or that match too much. */
const REFUSED = new Map([
  ['aws-access-token', 'own rule'],
  ['octopus-deploy-api-key', 'own rule'],
  ['curl-auth-header', 'not linear; `authorization` and the names cover it'],
  ['curl-auth-user', 'not linear; `curl-user` covers it'],
  ['facebook-access-token', 'matches any long number followed by a bar'],
  ['freemius-secret-key', 'matches the quotes too; the names cover it'],
  ['generic-api-key', 'needs an entropy check and a long list of words; the names cover it'],
  ['hashicorp-tf-password', 'the names cover it'],
  ['jwt', 'own rule'],
  ['jwt-base64', 'base64 is decoded'],
  ['kubernetes-secret-yaml', 'not linear; the names and base64 cover it'],
  ['nuget-config-password', 'the names cover it'],
  ['private-key', 'own rule'],
  ['sidekiq-sensitive-url', '`url-password` covers it'],
  ['sourcegraph-access-token', 'matches any SHA-1'],
  ['twilio-api-key', 'also matches the end of a longer word; own rule'],
  ['vault-service-token', 'matches any word of 24 letters after `s.`; own rule'],
]);

const BEFORE_NAMES = /^(?:\(\?i\)|\[\\w\.-\]\{0,50\}\?\(\?i:)?\[\\w\.-\]\{0,50\}\?\(\?:/;
const BETWEEN =
  `)(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}` + // the rest of the name
  '#(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)' + // an operator
  `[\\x60'"\\s=]{0,5}(`;
const AFTER = '(?:[\\x60\'"\\s;]|\\\\[nr]|$)';

const forms = [];
const named = [];
for (const rule of rulesIn(readFileSync(file, 'utf8'))) {
  if (rule.regex === undefined || REFUSED.has(rule.id)) continue;
  for (const part of partsOf(rule.regex)) {
    const { words, value } = namedParts(part) ?? {};
    if (words !== undefined) named.push({ id: rule.id, words: plain(words), value: plain(value) });
    else forms.push(formOf(rule, part));
  }
}

writeFileSync(
  new URL('../src/redaction/gitleaks/rules.json', import.meta.url),
  `${JSON.stringify({ origin: { name: 'gitleaks/gitleaks', version, commit, license: 'MIT' }, forms, named }, null, 1)}\n`,
);

function rulesIn(toml) {
  return toml
    .split('[[rules]]')
    .slice(1)
    .map((text) => {
      const [own] = text.split(/^\[/m);
      const keywords = /^keywords = \[([^\]]*)\]/m.exec(own)?.[1] ?? '';
      return {
        id: /^id = "(.*)"$/m.exec(own)[1],
        regex: /^regex = '''(.*)'''$/m.exec(own)?.[1],
        keywords: [...keywords.matchAll(/"([^"]*)"/g)].map(([, word]) => word.toLowerCase()),
      };
    });
}

/** Splits a rule that has both shapes: names with a value, and a form. */
function partsOf(regex) {
  const at = regex.indexOf(`${AFTER}|`);
  return at === -1
    ? [regex]
    : [regex.slice(0, at + AFTER.length), regex.slice(at + AFTER.length + 1)];
}

function namedParts(regex) {
  const before = BEFORE_NAMES.exec(regex)?.[0];
  if (before === undefined) return undefined;
  const [first, second] = BETWEEN.split('#');
  const at = regex.indexOf(first);
  let rest = regex.slice(at + first.length);
  if (rest.startsWith(')')) rest = rest.slice(1);
  if (at === -1 || !rest.startsWith(second) || !rest.endsWith(`)${AFTER}`)) {
    throw new Error(`unknown shape: ${regex}`);
  }
  const value = rest.slice(second.length, -1 - AFTER.length);
  return { words: regex.slice(before.length, at), value };
}

function formOf(rule, regex) {
  const ends = [
    AFTER,
    '(?:[^\\w-]|\\z)',
    '(?:[^a-zA-Z0-9+/]|\\z)',
    '(?:$|[\\\\\'"\\x60\\s<),])',
    '(?:[\\x60\'"\\s;]|\\\\[nr]|$|\\b)',
    '\\b',
  ];
  const starts = ['(?:^|[\\\\\'"\\x60\\s>=:(,)])', '\\b'];
  const end = ends.find((text) => regex.endsWith(text)) ?? '';
  let pattern = regex.slice(0, regex.length - end.length);
  const isWord = starts.some((text) => pattern.replace(/^\(\?i\)/, '').startsWith(text));
  const start = starts.find((text) => pattern.replace(/^\(\?i\)/, '').startsWith(text)) ?? '';
  pattern = pattern.replace(start, '');
  const literals = literalStarts(plain(pattern));
  const isAnywhere = literals.some((text) => text.length < 3);
  return {
    id: rule.id,
    hints: isAnywhere ? rule.keywords : literals,
    pattern: plain(pattern),
    ...(isAnywhere ? { isAnywhere } : {}),
    ...(isWord ? { isWord } : {}),
    ...(pattern.includes('(?i') || regex.includes('(?i') ? { ignoreCase: true } : {}),
  };
}

/** The literal start of every match, in lower case. */
function literalStarts(pattern) {
  let rest = pattern;
  for (let parts = alternatives(rest); ; parts = alternatives(rest)) {
    if (parts.length > 1) return parts.flatMap(literalStarts);
    if (
      !/^\(\?:.*\)$/.test(rest) ||
      alternatives(rest.slice(3, -1)).some((part) => !isClosed(part))
    )
      break;
    rest = rest.slice(3, -1);
  }
  let literals = [''];
  for (;;) {
    const [part, group, characters, escaped, plainOne] =
      /^(?:\(\?:([\w|-]+)\)|\[([\w-]{1,4})\]|\\([.\-/$])|([\w:/%~-]))(?![{*+?])/.exec(rest) ?? [];
    const isRange = /.-./.test(characters ?? '');
    const choices = group?.split('|') ?? (characters && [...characters]) ?? [escaped ?? plainOne];
    if (part === undefined || isRange) return literals.map((literal) => literal.toLowerCase());
    literals = literals.flatMap((literal) => choices.map((choice) => literal + choice));
    rest = rest.slice(part.length);
  }
}

/** Splits at the bars outside groups and classes. */
function alternatives(pattern) {
  const parts = [''];
  let depth = 0;
  for (const [token] of pattern.matchAll(/\\.|\[(?:\\.|[^\]])*\]|./g)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts;
}

function isClosed(pattern) {
  let depth = 0;
  for (const [token] of pattern.matchAll(/\\.|\[(?:\\.|[^\]])*\]|./g)) {
    if (token === '(') depth += 1;
    if (token === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

/** Converts to JavaScript syntax without capturing groups; a separate flag says whether case matters. */
function plain(pattern) {
  return pattern
    .replace(/\(\?-?i\)/g, '')
    .replace(/\(\?-?i:/g, '(?:')
    .replace(/\[\[:alnum:\]\]/g, '[A-Za-z0-9]')
    .replace(/\\z/g, '$')
    .replace(/(?<!\\)\((?!\?)/g, '(?:')
    .replace(/\\b/g, '')
    .replace(/,\}/g, ',4096}');
}
