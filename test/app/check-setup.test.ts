import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from 'node:process';
import { describe, expect, it } from 'vitest';
import { checkSetup } from '../../src/app/doctor/check-setup.ts';
import { fixOfSqlite } from '../../src/app/store/open-store.ts';
import { hasLauncher, LAUNCHER } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';

it('the way to SQLite depends on whether its package is there', () => {
  expect(fixOfSqlite(new Error("Cannot find module 'better-sqlite3'"))).toContain(
    'Install hookbus',
  );
  expect(fixOfSqlite(new Error('Could not locate the bindings file.'))).toContain('npm rebuild');
});

const summaryOf = (program: string): string | undefined =>
  checkSetup({ nodeVersion: versions.node, program: [program], onPath: undefined, env: {} }).find(
    ({ name }) => name === 'launcher',
  )?.summary;

describe.skipIf(process.platform !== 'linux')('the launcher in doctor', () => {
  it.skipIf(!hasLauncher)('is named, without a remark if it was built with musl', () => {
    expect(summaryOf(LAUNCHER)?.startsWith(LAUNCHER)).toBe(true);
  });

  it('is reported as slower if it was built with glibc', () => {
    const program = join(temporaryDirectory(), 'hookbus');
    writeFileSync(program, '#!/bin/sh\n# What every program with glibc has in it: GLIBC_2.34\n', {
      mode: 0o755,
    });
    expect(summaryOf(program)).toMatch(/, built with glibc: .* faster$/);
  });
});
