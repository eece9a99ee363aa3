#!/usr/bin/env node
/*
 * For comparison: the cost of a wrapper that is written in the obvious way, with yargs, execa and better-sqlite3 unchanged.
 * It records less than HookBus, and does not pass on signals and broken pipes as well.
 */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { execa } from 'execa';
import yargs from 'yargs';

const words = process.argv.slice(2);
const { name, _: command } = yargs(words)
  .parserConfiguration({ 'populate--': false })
  .option('name', { type: 'string', default: 'hook' })
  .parseSync();
const [program, ...parameters] = command.map(String);
const startedAt = Date.now();
const result = await execa(program, parameters, {
  stdin: 'inherit',
  stdout: ['pipe', 'inherit'],
  stderr: ['pipe', 'inherit'],
  reject: false,
});
const db = new Sqlite(join(process.env['HOOKBUS_HOME'] ?? '/tmp', 'plain.db'));
db.pragma('journal_mode = WAL');
db.exec('CREATE TABLE IF NOT EXISTS runs (name TEXT, code INTEGER, ms INTEGER, stdout TEXT)');
db.prepare('INSERT INTO runs VALUES (?, ?, ?, ?)').run(
  name,
  result.exitCode ?? null,
  Date.now() - startedAt,
  result.stdout,
);
db.close();
process.exitCode = result.exitCode ?? 1;
