import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { reportAlert } from '../src/app/alerts/alert-report.ts';
import { assemble } from '../src/app/recording/assemble.ts';
import { provideCompression } from '../src/app/recording/compression.ts';
import { DEFAULT_CONFIG, parseConfig } from '../src/config/file/config-file.ts';
import { CONFIG_KEYS } from '../src/config/file/edit-config.ts';
import { parseRunOptions } from '../src/config/run-options.ts';
import { DEFAULTS, readSettings } from '../src/config/settings.ts';
import { DECISIONS } from '../src/domain/answer/decision.ts';
import { canBlock } from '../src/domain/events.ts';
import { STATUSES } from '../src/domain/execution.ts';
import { VERSION } from '../src/domain/version.ts';
import { NAMED_RULES } from '../src/redaction/rules/names.ts';
import { REDACTION_RULES } from '../src/redaction/rules/rules.ts';
import { openDatabase } from '../src/store/database.ts';
import { createExecutionWriter } from '../src/store/executions.ts';
import { MIGRATIONS } from '../src/store/migrations/index.ts';
import { countNext } from '../src/store/totals.ts';
import { aBegin, anEnd } from './support/records.ts';
import { temporaryDirectory } from './support/temporary.ts';

const ROOT = join(import.meta.dirname, '..');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A fenced block of code, and its page and line in the form that editors open. */
interface Block {
  readonly place: string;
  readonly language: string;
  readonly code: string;
}

function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    place: `${page}:${text.slice(0, match.index).split('\n').length}`,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }));
}

const blocks = (language: string, pages: readonly string[] = PAGES): Block[] =>
  pages.flatMap(blocksOf).filter((block) => block.language === language);

const proseOf = (page: string): string => read(page).replace(/^```.*?^```$/gms, '');

const unique = (words: Iterable<string>): string[] => [...new Set(words)].sort();

const allMatches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);

/** The words of a shell line, quoted or bare; this is enough for the examples. */
const wordsOf = (line: string): string[] =>
  allMatches(line, /((?:'[^']*'|[^\s'])+)/g).map((word) => word.replaceAll("'", ''));

/** The words after `run` in each handwritten prefix, of either form. */
const byHand = (code: string): string[] => [
  ...allMatches(code, /"command": "(?:\w+=\w+ )*hookbus run ([^"]*)"/g),
  ...[...code.matchAll(/"command": "set -- \S*\/hookbus run (.*?) --; .*?\\"\$@\\" (.*)"/g)].map(
    ([, options, command]) => `${options} -- ${command}`,
  ),
];

provideCompression(zlibSync);

describe('the settings page', () => {
  it('lists exactly the variables that HookBus reads', () => {
    const isRead = unique(allMatches(read('src/config/settings.ts'), /'(HOOKBUS_[A-Z_]+)'/g));
    expect(isRead).toContain('HOOKBUS_HOME');
    expect(unique(allMatches(read('docs/settings.md'), /HOOKBUS_[A-Z_]+/g))).toEqual(isRead);
  });

  it('has the defaults of the code', () => {
    const { home = '' } = readSettings({ HOME: '/home/dev' }).paths ?? {};
    expect(home).toBe('/home/dev/.local/state/hookbus');
    const page = read('docs/settings.md');
    for (const [name, value] of [
      ['HOOKBUS_MAX_BYTES', DEFAULTS.maxBytes],
      ['HOOKBUS_DEDUPE_TTL', DEFAULTS.dedupeTtlSeconds],
      ['HOOKBUS_RETENTION_DAYS', DEFAULTS.retentionDays],
      ['HOOKBUS_DAEMON', 'auto'],
    ]) {
      expect(page).toContain(`| \`${name}\` | \`${value}\` |`);
    }
    const off = readSettings({});
    for (const [name, isOn] of [
      ['HOOKBUS_ENABLED', off.enabled],
      ['HOOKBUS_STORE_RAW', off.storeRaw],
      ['HOOKBUS_COMPRESS', off.compress],
      ['HOOKBUS_REDACT', off.redact],
      ['HOOKBUS_DEBUG', off.debug],
    ] as const) {
      expect(page).toContain(`| \`${name}\` | \`${isOn ? 1 : 0}\` |`);
    }
  });

  it('has the ranges of the code', () => {
    const rows = read('docs/settings.md').matchAll(
      /^\| `(HOOKBUS_\w+)` \|[^|]*\| \w+, (\d+) to (\d+) \|/gm,
    );
    const ranges = [...rows];
    expect(ranges.length).toBe(3);
    for (const [, name = '', least, most] of ranges) {
      const problems = (value: number) => readSettings({ HOME: '/', [name]: `${value}` }).problems;
      expect(problems(Number(least))).toEqual([]);
      expect(problems(Number(most))).toEqual([]);
      expect(problems(Number(most) + 1)).toHaveLength(1);
      if (least !== '0') expect(problems(Number(least) - 1)).toHaveLength(1);
    }
  });
});

describe('the section about config.json', () => {
  const part = read('docs/settings.md').split('\n## config.json\n')[1]?.split('\n## ')[0] ?? '';
  const config = DEFAULT_CONFIG as unknown as Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;

  it('lists exactly the keys of the code, with their defaults', () => {
    const rows = [...part.matchAll(/^\| `(\w+)(?:\.(\w+))?` \| `([^`]*)` \|/gm)];
    const keys = rows.map(([, section, name]) => (name ? `${section}.${name}` : section));
    expect(keys).toEqual(CONFIG_KEYS);
    for (const [, section = '', name, value = ''] of rows) {
      const inForce = name === undefined ? config[section] : config[section]?.[name];
      expect(JSON.parse(value), section).toEqual(inForce);
    }
  });

  it('has the ranges of the code', () => {
    const rows = [...part.matchAll(/^\| `(\w+)(?:\.(\w+))?` \|[^|]*\| \w+, (\d+) to (\d+) \|/gm)];
    expect(rows.length).toBeGreaterThan(1);
    for (const [, section = '', name, least, most] of rows) {
      const state = (value: number) =>
        parseConfig(JSON.stringify({ [section]: name === undefined ? value : { [name]: value } }))
          .state;
      expect([Number(least), Number(most)].map(state)).toEqual(['good', 'good']);
      expect([Number(least) - 1, Number(most) + 1].map(state)).toEqual(['refused', 'refused']);
    }
  });

  it('has a valid example', () => {
    const example = blocks('json', ['docs/settings.md']).find(({ code }) => part.includes(code));
    expect(parseConfig(example?.code ?? '').state).toBe('good');
  });
});

describe('the privacy page', () => {
  it('names exactly the kinds of secrets that redaction finds', () => {
    const rows = read('docs/privacy.md').matchAll(/^\| (`.*?) \|/gm);
    const named = [...rows].flatMap(([, cell = '']) => allMatches(cell, /`([a-z0-9-]+)`/g));
    const others = ['private-key', 'secret-list', 'secret-column'];
    const rules = [...REDACTION_RULES, ...NAMED_RULES].map((rule) => rule.name).concat(others);
    expect(unique(named)).toEqual(unique(rules));
  });
});

/** A database with something for every query to find. */
function aDatabase(): string {
  const path = join(temporaryDirectory(), 'hook_bus.db');
  const db = openDatabase(path, 1000);
  const writer = createExecutionWriter(db);
  const createdAtMs = Date.now() - 60_000;
  const stderrTail = Buffer.from("KeyError: 'file_path'\n");
  const captures = (['stdin', 'stdout', 'stderr'] as const).map((stream) => ({
    stream,
    bytes: Buffer.from(`{"stream":"${stream}"}\n`),
    truncated: false,
  }));
  const raw = { storeRaw: true, createdAtMs };
  const skipped = assemble(aBegin({ createdAtMs, dedupeKey: 'format:toolu_1' }), anEnd());
  writer.write([
    ...[3, 1, 2].map((durationMs) => assemble(aBegin({ createdAtMs }), anEnd({ durationMs }))),
    assemble(aBegin(raw), anEnd({ exitCode: 2, captures })),
    assemble(aBegin({ ...raw, compress: true }), anEnd({ exitCode: 1, stderrTail, captures })),
    assemble(aBegin({ createdAtMs }), anEnd({ kind: 'timeout', exitCode: 124 })),
    assemble(aBegin({ createdAtMs }), anEnd({ stdoutKind: 'broken', stdoutBytes: 9 })),
    { ...skipped, execution: { ...skipped.execution, status: 'dedupe_skip', decision: 'deny' } },
    assemble(aBegin({ createdAtMs, warnings: ['unknown option --nmae'] }), anEnd()),
  ]);
  db.exec(`
    INSERT INTO dedupe_keys (dedupe_key, hook_name, execution_id, state, created_at, expires_at)
      VALUES ('format:toolu_1', 'format', 'e', 'done', '2026-11-22T10:00:00.000Z', '2026-11-22T11:00:00.000Z');
    INSERT INTO hook_metrics (bucket_start, bucket_seconds, hook_name, event_type)
      VALUES ('2026-11-22T10:00:00.000Z', 3600, 'format', 'PostToolUse');
    INSERT INTO replays (log_id, span_id, command, status, changed, differences, created_at)
      VALUES (1, 's', 'true', 'success', 0, '', '2026-11-22T10:00:00.000Z');
    INSERT INTO breakers (hook_name, command, state, runs, failures, opened_at, until)
      VALUES ('format', 'black', 'open', 20, 12, '2026-11-22T10:00:00.000Z', '2026-11-22T10:05:00.000Z');
    INSERT INTO rollup_marks (name, log_id) VALUES ('hook_metrics', 1);
    INSERT INTO day_summaries (day, kind, body) SELECT substr(created_at, 1, 10), 'test', '[]' FROM hook_logs LIMIT 1;
    INSERT INTO alerts (alert_id, rule, subject, state, opened_at, value)
      VALUES ('a', 'failure_rate', 'format', 'open', '2026-11-22T10:00:00.000Z', 0.6);`);
  countNext(db, 500);
  db.close();
  return path;
}

/** The tables of a database with their columns, except SQLite's own. */
function tablesOf(path: string): Map<string, string[]> {
  const db = openDatabase(path, 1000);
  const names = db
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
    )
    .pluck()
    .all() as string[];
  const tables = names.map((name): [string, string[]] => [
    name,
    db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(name) as string[],
  ]);
  db.close();
  return new Map(tables);
}

function rowCounts(path: string): Record<string, number> {
  const tables = [...tablesOf(path).keys()];
  const db = openDatabase(path, 1000);
  const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  const counts = Object.fromEntries(tables.map((table) => [table, Number(count(table))]));
  db.close();
  return counts;
}

describe('the database page', () => {
  const page = read('docs/database.md');

  /** The first cells of the table rows below a heading. */
  const termsUnder = (heading: string): string[] => {
    const [section = ''] = (page.split(`\n${heading}\n`)[1] ?? '').split(/^#/m);
    const cells = allMatches(section, /^\| ((?:`[^`]+`(?:, )?)+) \|/gm);
    return cells.flatMap((cell) => allMatches(cell, /`([^`]+)`/g));
  };

  it('lists exactly the columns of every table', () => {
    const tables = tablesOf(join(temporaryDirectory(), 'hook_bus.db'));
    expect(tables.size).toBeGreaterThan(4);
    for (const [table, columns] of tables) {
      expect({ table, columns: termsUnder(`### ${table}`) }).toEqual({ table, columns });
    }
  });

  it('lists every status and every decision', () => {
    expect(termsUnder('## Status')).toEqual([...STATUSES]);
    expect(termsUnder('## Decision')).toEqual([...DECISIONS]);
  });

  it('has the schema version of this release', () => {
    expect(page).toContain(`This release knows ${MIGRATIONS.length}.`);
  });
});

const hasShell = spawnSync('sqlite3', ['--version']).status === 0;
// Printed on stderr, because a skipped test looks much like one that passed.
if (!hasShell)
  process.stderr.write('docs.test.ts: there is no sqlite3 shell, so the queries are not tested\n');

describe.skipIf(!hasShell)('the queries of the database page, in the sqlite3 shell', () => {
  const queries = blocks('sql', ['docs/database.md']);
  const isChange = ({ code }: Block): boolean => /^(?:DELETE|VACUUM)/.test(code);

  function run(path: string, sql: string): string {
    const { status, stdout, stderr } = spawnSync('sqlite3', ['-bail', '-header', path], {
      input: sql,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }

  const asked = queries.filter((query) => !isChange(query));
  it.each(asked)('the query at $place finds something', ({ code }) => {
    expect(run(aDatabase(), code).trim().split('\n').length).toBeGreaterThan(
      code.includes('PRAGMA') ? 0 : 1,
    );
  });

  it('compute percentiles by nearest rank', () => {
    const { code = '' } = asked.find(({ code: sql }) => sql.includes('p95_ms')) ?? {};
    const [names = '', values = ''] = run(aDatabase(), code).split('\n');
    const [, p50] = /p50_ms/.test(names) ? values.split('|').slice(1) : [];
    // Of 1, 2, 3 and six times 12.5.
    expect(Number(p50)).toBe(12.5);
    expect(values.split('|')[1]).toBe('9');
  });

  it('delete everything but notices, breakers, alerts, totals and marks, then everything but marks', () => {
    const path = aDatabase();
    const [everything, notices, ...others] = queries.filter(isChange);
    expect(everything?.code).toBe(
      'DELETE FROM hook_logs; DELETE FROM dedupe_keys; DELETE FROM hook_metrics;\n',
    );
    expect(Object.values(rowCounts(path))).not.toContain(0);
    run(path, everything?.code ?? '');
    const left = Object.entries(rowCounts(path)).filter(([, count]) => count > 0);
    expect(left.map(([table]) => table).sort()).toEqual([
      ...['alerts', 'breakers', 'decision_totals', 'export_state', 'hook_totals'],
      ...['hook_totals_mark', 'notices', 'rollup_marks', 'skipped_guards'],
    ]);
    for (const block of [notices, ...others]) run(path, block?.code ?? '');
    const still = Object.entries(rowCounts(path)).filter(([, count]) => count > 0);
    expect(still.map(([table]) => table)).toEqual(['rollup_marks', 'export_state']);
  });

  it('lead to a compressed payload, which inflates as the page describes', () => {
    const path = aDatabase();
    const { code = '' } =
      blocks('sh', ['docs/database.md']).find((block) => block.code.includes('zlib')) ?? {};
    const id = run(path, "SELECT max(log_id) FROM hook_payloads WHERE encoding = 'zlib';").split(
      '\n',
    )[1];
    const line = code
      .replace('~/.local/state/hookbus/hook_bus.db', path)
      .replace('log_id = 42', `log_id = ${id}`);
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe('{"stream":"stdin"}\n');
  });
});

/** The settings file of each stage of the rollout: the first as JSON, each later one as diffs of the one before. */
function stages(): string[] {
  const [, first = '', ...later] = read('docs/rollout.md').split(/^## \d\. /m);
  const whole = /^```json\n(.*?)^```$/ms.exec(first)?.[1] ?? '';
  let file = whole;
  const files = later.map((stage) => {
    for (const hunk of (/^```diff\n(.*?)^```$/ms.exec(stage)?.[1] ?? '').split('@@\n')) {
      const side = (sign: string) =>
        (hunk.match(RegExp(`^[ ${sign}].*`, 'gm')) ?? []).map((line) => line.slice(1)).join('\n');
      expect(file.split(side('-')), hunk).toHaveLength(2);
      file = file.replace(side('-'), () => side('+'));
    }
    return file;
  });
  return [whole, ...files];
}

describe('the examples', () => {
  const rollout = stages().map((code, index) => ({
    place: `docs/rollout.md, stage ${index + 1}`,
    code,
  }));
  const examples = [...blocks('json'), ...rollout];

  it('are JSON if they are marked as JSON', () => {
    expect(examples.length).toBeGreaterThan(5);
    for (const { place, code } of examples) {
      expect(() => JSON.parse(code) as unknown, place).not.toThrow();
    }
  });

  it('have valid settings and options', () => {
    const places: string[] = [];
    for (const { place, code } of examples) {
      const { env = {} } = (JSON.parse(code) ?? {}) as { env?: Record<string, string> };
      expect({ place, problems: readSettings({ HOME: '/', ...env }).problems }).toEqual({
        place,
        problems: [],
      });
      for (const command of byHand(code)) {
        const { argv, warnings } = parseRunOptions(wordsOf(command));
        expect({ place, command, warnings }).toEqual({ place, command, warnings: [] });
        expect(argv.length).toBeGreaterThan(0);
        places.push(place);
      }
    }
    expect(unique(places).length).toBeGreaterThan(4);
  });

  it('run hooks that can block even if hookbus is missing or broken', () => {
    for (const { place, code } of examples) {
      const plain = allMatches(code, /"command": "(?:\w+=\w+ )*hookbus run ([^"]*)"/g);
      const events = plain.map((command) => /--event (\w+)/.exec(command)?.[1] ?? '');
      expect({ place, blocking: events.filter(canBlock) }).toEqual({ place, blocking: [] });
    }
  });

  it('show a change of the settings file for each stage of the rollout', () => {
    expect(new Set(rollout.map(({ code }) => code)).size).toBe(4);
  });
});

describe('links and names', () => {
  /** The anchors that GitHub makes from headings. */
  const anchorsOf = (page: string): string[] =>
    allMatches(proseOf(page), /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );

  it.each(PAGES)('%s: relative links have a target', (page) => {
    const links = allMatches(proseOf(page), /\]\(([^)\s]+)\)/g).filter(
      (link) => !/^\w+:/.test(link),
    );
    for (const link of links) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      expect(existsSync(join(ROOT, target)), `${page}: ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), `${page}: ${link}`).toContain(anchor);
    }
  });

  it.each(PAGES)('%s: the files that it names exist', (page) => {
    const paths = allMatches(
      proseOf(page),
      /`((?:src|test|fixtures|bench|scripts)\/[a-z0-9_./-]*)`/g,
    );
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(PAGES)('%s: the tests that it quotes exist', (page) => {
    const quoted = [...proseOf(page).matchAll(/"([^"\n]+)" in\s+`(test\/[\w./-]+)`/g)];
    const missing = quoted.filter(([, title = '', path = '']) => !read(path).includes(title));
    expect(missing.map(([text]) => text)).toEqual([]);
  });

  it('the architecture page names existing files of the launcher', () => {
    const files = allMatches(read('docs/architecture.md'), /`(\w+\.c)`/g);
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !existsSync(join(ROOT, 'src/launcher', file)))).toEqual([]);
  });

  /** A source file, and all files that it imports, directly or not, statically or not. */
  function reachedFrom(path: string, reached = new Set<string>()): Set<string> {
    if (reached.has(path)) return reached;
    reached.add(path);
    for (const target of allMatches(read(path), /(?:from|import\() ?'(\.{1,2}\/[^']+\.ts)'/g)) {
      reachedFrom(join(dirname(path), target), reached);
    }
    return reached;
  }

  it('the architecture page lists exactly the folders of the commands and the library', () => {
    const roots = ['src/cli/main.ts', 'src/cli/run.ts', 'src/index.ts'];
    const files = roots.flatMap((root) => [...reachedFrom(root)]);
    const rows = files.map((path) => path.replace(/^(src\/\w+\/).*/, '$1'));
    const named = allMatches(read('docs/architecture.md'), /^\| `(src\/[\w./]+)` \| \d \|/gm);
    expect(unique(named)).toEqual(unique(rows));
  });
});

describe('the words', () => {
  const checkWords = (...paths: string[]) =>
    spawnSync(process.execPath, ['scripts/check-house.js', '--words', ...paths], {
      cwd: ROOT,
      encoding: 'utf8',
    });

  it('of pages, code, tests and scripts are those of the glossary', () => {
    const { stderr } = checkWords();
    expect(stderr.split('\n').filter((line) => line !== '')).toEqual([]);
  });

  it('that are banned are those that the glossary bans', () => {
    const { words } = JSON.parse(read('scripts/banned-words.json')) as {
      words: readonly { readonly word: string }[];
    };
    const cells = allMatches(read('docs/glossary.md'), /^\|.*\|([^|]*)\|$/gm);
    const named = cells.flatMap((cell) => allMatches(cell, /`([^`]+)`/g));
    expect(unique(named)).toEqual(unique(words.map(({ word }) => word)));
  });

  it('that are banned are found in prose, names and messages, but allowed as database words', () => {
    // Assembled, because the check reads this file too.
    const [verb, noun, bound] = [`${'pok'}e`, `${'twi'}n`, `${'MOS'}T`];
    const path = join(temporaryDirectory(), 'words.ts');
    writeFileSync(
      path,
      `const ${verb}Daemon = 'its ${noun}';\nconst kind = 'mistake';\nconst x = ${bound}_MS;\n`,
    );
    const { stderr } = checkWords(path);
    expect(allMatches(stderr, /words\.ts:(\d+: "\w+")/g)).toEqual([
      `1: "${verb}"`,
      `1: "${noun}"`,
      `3: "${bound}"`,
    ]);
  });
});

describe('the version', () => {
  it('is the same everywhere', () => {
    const versionIn = (path: string): unknown =>
      (JSON.parse(read(path)) as { version?: string }).version;
    expect(versionIn('package.json')).toBe(VERSION);
    expect(versionIn('package-lock.json')).toBe(VERSION);
  });
});

describe('what pages repeat from the code', () => {
  it.each(PAGES)('%s: names that it finds in a file are there', (page) => {
    const named = [...proseOf(page).matchAll(/`(\w+)` in\s+`(src\/[\w./-]+\.\w+)`/g)];
    const missing = named.filter(
      ([, name, path = '']) => !RegExp(`\\b${name}\\b`).test(read(path)),
    );
    expect(missing.map(([text]) => text)).toEqual([]);
  });

  it('the example of an alert has the text that its rule makes', () => {
    const [example] = blocks('json', ['docs/alerts.md']);
    const { text, ...alert } = JSON.parse(example?.code ?? '{}');
    expect(reportAlert(alert, DEFAULT_CONFIG.alerts).text).toBe(text);
  });
});
