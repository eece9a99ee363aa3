import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { execPath } from 'node:process';
import { expect, it } from 'vitest';
import { COLUMNS } from '../../src/store/columns.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { CLI } from '../support/daemon.ts';
import { hookbusProcess } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

const SCHEMA = JSON.parse(readFileSync('docs/execution.schema.json', 'utf8')) as Schema;
const STREAM = (SCHEMA['$defs'] as Record<string, Schema>)['stream'] ?? {};

/** All that this test understands; a schema with another keyword would not be checked. */
const KEYWORDS =
  /^(?:\$schema|\$defs|\$ref|title|description|type|properties|required|additionalProperties|const|enum|pattern)$/;

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

/** Where a value does not have the form of the schema. */
function faults(value: unknown, schema: Schema, at = ''): string[] {
  if (schema['$ref'] !== undefined) return faults(value, STREAM, at);
  const { type, properties = {}, required = [], additionalProperties } = schema;
  const found = Object.keys(schema).filter((keyword) => !KEYWORDS.test(keyword));
  if (type !== undefined && ![type].flat().includes(typeOf(value)))
    found.push(`${at}: ${typeOf(value)}`);
  if ('const' in schema && value !== schema['const']) found.push(`${at}: const`);
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) found.push(`${at}: enum`);
  const { pattern } = schema;
  if (
    typeof pattern === 'string' &&
    typeof value === 'string' &&
    !new RegExp(pattern, 'u').test(value)
  )
    found.push(`${at}: pattern`);
  if (typeOf(value) !== 'object') return found;
  const members = value as Record<string, unknown>;
  found.push(
    ...required.filter((name) => !(name in members)).map((name) => `${at}.${name}: missing`),
  );
  for (const [name, member] of Object.entries(members)) {
    const own = properties[name];
    if (own !== undefined) found.push(...faults(member, own, `${at}.${name}`));
    else if (typeof additionalProperties === 'object')
      found.push(...faults(member, additionalProperties, `${at}.${name}`));
    else if (additionalProperties === false) found.push(`${at}.${name}: unknown`);
  }
  return found;
}

type Line = Readonly<Record<string, unknown>>;

const SECRET = 'ghp_0123456789abcdefghijklmnopqrstuvwxyzAB';

function aStateOf(...created: string[]) {
  const { home, paths } = freshState();
  writeExecutions(
    paths.database,
    created.map((createdAt) => recordedOf(anExecution({ createdAt }))),
  );
  const env = { HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' };
  const run = (...words: string[]) => hookbusProcess(['export', 'jsonl', ...words], env);
  const lines = (...words: string[]): Line[] =>
    run(...words)
      .stdout.split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  return { home, paths, run, lines };
}

it('export jsonl prints each execution once, the oldest first, as docs/execution.schema.json says', () => {
  const { lines, run } = aStateOf(
    '2026-11-22T10:00:02.000Z',
    '2026-11-22T10:00:01.000Z',
    '2026-11-22T10:00:02.000Z',
  );
  const all = lines();
  expect(all.map(({ id }) => id)).toEqual([2, 1, 3]);
  for (const line of all) expect(faults(line, SCHEMA)).toEqual([]);
  expect(all[0]?.['resource']).toMatchObject({ 'host.name': hostname() });
  expect(all[0]).not.toHaveProperty('payloads');
  expect(Object.keys(SCHEMA.properties ?? {})).toEqual([
    'schema',
    'resource',
    ...Object.keys(COLUMNS),
    'payloads',
  ]);
  expect(
    faults(
      { ...all[0], status: 'fine', created_at: 'now', hook_name: 1, payloads: { stdin: 1 } },
      SCHEMA,
    ),
  ).toHaveLength(6);
  expect(lines('--since', '2026-11-22T10:00:02Z').map(({ id }) => id)).toEqual([1, 3]);
  expect(lines('--until', '2026-11-22T10:00:02Z').map(({ id }) => id)).toEqual([2]);
  expect(run('--since', '2030-01-01')).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  expect(run('--file', 'x').stderr).toContain('--file is an option of export prometheus');
  expect(hookbusProcess(['export', 'prometheus', '--payloads']).stderr).toContain(
    '--payloads is an option of export jsonl',
  );
});

it('export jsonl replaces secrets that were stored, and has payloads only where they are asked for', () => {
  const { paths, lines } = aStateOf('2026-11-22T10:00:00.000Z');
  const db = openDatabase(paths.database, 1000);
  const body = Buffer.from(`{"key":"${SECRET}"}`);
  const payload = { stream: 'stdin', encoding: 'identity', truncated: false, body } as const;
  createExecutionWriter(db).write([
    { ...recordedOf(anExecution({ createdAt: '2026-11-22T10:00:01.000Z' })), payloads: [payload] },
  ]);
  db.prepare(
    `UPDATE hook_logs SET redacted = 0, error = @s, command = @s, decision_reason = @s, agent_variables = @s,
       dedupe_key = @s, hook_name = @s, event_type = @s, tool_name = @s, session_id = @s, tool_use_id = @s, subagent = @s,
       cwd = @s, project = @s`,
  ).run({ s: `x ${SECRET}` });
  db.close();
  expect(lines()[1]).toMatchObject({ agent_variables: null, error: expect.stringMatching(/^x /) });
  const full = lines('--payloads');
  for (const line of full) expect(faults(line, SCHEMA)).toEqual([]);
  expect(full[0]?.['payloads']).toEqual({ stdin: null, stdout: null, stderr: null });
  expect(full[1]?.['payloads']).toMatchObject({
    stdin: { encoding: 'utf8', text: expect.stringContaining('"key"') },
  });
  expect(JSON.stringify([...lines(), ...full])).not.toContain(SECRET);
});

it('export jsonl reads many executions page by page, and ends quietly when its reader leaves', () => {
  const { home, paths, lines } = aStateOf();
  const db = openDatabase(paths.database, 1000);
  const write = createExecutionWriter(db);
  write.write(
    Array.from({ length: 3000 }, (_, index) =>
      recordedOf(
        anExecution({ createdAt: new Date(Date.UTC(2026, 10, 22) + (index % 7)).toISOString() }),
      ),
    ),
  );
  db.close();
  const ids = lines().map(({ id }) => id);
  expect(new Set(ids).size).toBe(3000);
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', '{ "$0" "$1" export jsonl; echo "exit $?" >&2; } | head -n 1', execPath, CLI],
    {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' },
    },
  );
  expect(status).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  expect(stderr).toBe('exit 0\n');
});
