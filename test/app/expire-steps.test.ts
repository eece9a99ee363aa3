import { expect, it } from 'vitest';
import { expireSteps, expiryAt, noRows } from '../../src/app/retention/expire-steps.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const OLD = '2026-11-01T12:00:00.000Z';

it('deletes what is expired although a hook ends between all steps', () => {
  const { paths } = freshState();
  writeExecutions(
    paths.database,
    Array.from({ length: 300 }, () => recordedOf(anExecution({ createdAt: OLD }))),
  );
  const db = openDatabase(paths.database, 0);
  const writer = createExecutionWriter(db);
  const deleted = noRows();
  const steps = expireSteps({
    use: (work) => work(db),
    expiry: expiryAt(NOW - 86_400_000, NOW),
    now: () => NOW,
    deleted,
    rows: 200,
    pages: 200,
  });
  let count = 0;
  for (const _ of steps) {
    writer.write([recordedOf(anExecution({ createdAt: new Date(NOW).toISOString() }))]);
    count += 1;
    if (count === 100) break;
  }
  db.close();
  expect(deleted.executions).toBe(300);
  expect(count).toBeLessThan(100);
});
