import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/file/config-file.ts';
import { openToRead } from '../../src/store/database.ts';
import { readContents } from '../../src/store/queries/overview.ts';
import { hookbus } from '../support/hookbus.ts';
import { freshState, spoolWhole } from '../support/state.ts';

const ENTRY = fileURLToPath(new URL('../../bin/hookbus.js', import.meta.url));

it('waits for a secret that another program writes to the pipe later', () => {
  const { home, paths } = freshState();
  const secret = '0123456789abcdef'.repeat(2);
  const line = `(sleep 1; echo ${secret}) | exec '${execPath}' '${ENTRY}' config set dedupe.secret -`;
  const { status, stderr } = spawnSync('/bin/sh', ['-c', line], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const reading = readConfigFile(paths.config);
  expect(reading.state === 'good' && reading.config.dedupe.secret).toBe(secret);
});

it('config set ingests what waits in the spool, like other commands', async () => {
  const { home, paths } = freshState();
  spoolWhole(paths);
  await hookbus(['config', 'set', 'breaker.enabled', 'true'], { HOOKBUS_HOME: home });
  const db = openToRead(paths.database, 1000);
  expect(readContents(db).executions).toBe(1);
  db.close();
});

it('says which ports are valid', async () => {
  const { home } = freshState();
  const set = async (key: string, value: string) =>
    (await hookbus(['config', 'set', key, value], { HOOKBUS_HOME: home })).stderr;
  expect(await set('prometheus.port', '0')).toContain(
    'prometheus.port must be a port from 1 to 65535, got "0".',
  );
  expect(await set('dashboard.port', '65536')).toContain(
    'dashboard.port must be a port from 0 to 65535, got "65536".',
  );
});
