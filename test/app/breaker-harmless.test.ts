import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isHarmless } from '../../src/app/breaker/breaker.ts';
import type { Agent } from '../../src/domain/answer/decision.ts';
import { createBreakerStore } from '../../src/store/breakers.ts';
import { openDatabase } from '../../src/store/database.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { temporaryDirectory } from '../support/temporary.ts';

it.each<[Agent | undefined, boolean]>([
  ['claude', true],
  [undefined, true],
  ['cline', false],
])('a hook that %s ran after a tool may be skipped by a breaker: %s', (agent, isExpected) => {
  const path = join(temporaryDirectory(), 'hooks.db');
  const execution = anExecution({ hookName: 'log', eventType: 'PostToolUse', agent });
  writeExecutions(path, [recordedOf(execution)]);
  const db = openDatabase(path, 0);
  const hook = { hookName: 'log', command: execution.command };
  expect(isHarmless(createBreakerStore(db), hook)).toBe(isExpected);
  db.close();
});
