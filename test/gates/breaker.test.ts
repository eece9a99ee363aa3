import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canBlock, canBlockFor } from '../../src/domain/events.ts';
import type { Status } from '../../src/domain/execution.ts';
import { assess, stateOfOpened } from '../../src/gates/breaker.ts';
import { modeWarning, rulesElsewhere } from '../../src/gates/dedupe.ts';

const POLICY = { window: 4, failureShare: 0.5, cooldownMs: 1000 };

describe('the assessment', () => {
  it.each<[Status[], boolean]>([
    [[], false],
    [['error', 'error', 'error'], false],
    [['error', 'error', 'error', 'error'], true],
    [['error', 'success', 'timeout', 'success'], true],
    [['error', 'success', 'success', 'success'], false],
    [['blocked', 'blocked', 'blocked', 'blocked'], false],
    [['blocked', 'error', 'blocked', 'blocked'], false],
    // Only the latest of the window count.
    [['success', 'success', 'success', 'success', 'error', 'error', 'error', 'error'], false],
  ])('of %j, newest first, is %s', (statuses, isTooMany) => {
    expect(assess(statuses, POLICY).isTooMany).toBe(isTooMany);
  });

  it('accepts a share that no number of executions meets exactly', () => {
    const policy = { ...POLICY, window: 3, failureShare: 0.5 };
    expect(assess(['error', 'success', 'success'], policy).isTooMany).toBe(false);
    expect(assess(['error', 'error', 'success'], policy)).toEqual({
      runs: 3,
      failures: 2,
      isTooMany: true,
    });
  });
});

it('an open breaker is half-open once its cooldown is over', () => {
  expect([99, 100, 101].map((now) => stateOfOpened(100, now))).toEqual([
    'open',
    'half_open',
    'half_open',
  ]);
});

it('every known event says whether a hook can block, and on an unknown one it may', () => {
  const events = readdirSync('fixtures/payloads', { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name.split('.')[0] ?? '');
  expect([...new Set(events)].filter((event) => !canBlock(event)).sort()).toEqual([
    'CwdChanged',
    'DirectoryAdded',
    'FileChanged',
    'InstructionsLoaded',
    'MessageDisplay',
    'Notification',
    'PermissionDenied',
    'PostCompact',
    'PostModelSwitch',
    'PostToolUse',
    'PostToolUseFailure',
    'SessionEnd',
    'SessionStart',
    'Setup',
    'StopFailure',
    'SubagentStart',
    'WorktreeRemove',
  ]);
  const blocking = ['PreToolUse', 'PermissionRequest', 'WorktreeCreate', 'PreModelSwitch', 'Stop'];
  for (const event of [...blocking, '', 'NewEvent', 'posttooluse', 'constructor']) {
    expect(canBlock(event), event).toBe(true);
  }
});

it('duplicates in Cline are those of guards on any event', () => {
  const after = { eventType: 'PostToolUse', onDuplicate: 'replay' } as const;
  expect(rulesElsewhere({ ...after, agent: 'cline' }).onDuplicate).toBe('deny');
  expect(rulesElsewhere(after).onDuplicate).toBe('replay');
  const warned = (agent?: string) =>
    modeWarning({ onDuplicate: 'skip' }, 'PostToolUse', agent).join();
  expect(warned('cline')).toContain('got "skip"; it acts as deny');
  expect(warned('claude')).toBe('');
});

it('Cline may refuse on any event', () => {
  expect(canBlockFor('cline', 'PostToolUse')).toBe(true);
  expect(canBlockFor('cline', 'tool_result')).toBe(true);
  expect(canBlockFor('claude', 'PostToolUse')).toBe(false);
  expect(canBlockFor(null, 'PreToolUse')).toBe(true);
});
