import type { Begin, End } from '../../src/domain/record.ts';

let counter = 0;

/** A plausible begin; each has a different id, and later ones sort after earlier ones. */
export function aBegin(changes: Partial<Begin> = {}): Begin {
  counter += 1;
  return {
    executionId: `01a20375-0000-7000-8000-${counter.toString(16).padStart(12, '0')}`,
    correlationId: 'c'.repeat(32),
    spanId: 'd'.repeat(16),
    hookName: 'guard_rm',
    eventType: 'PreToolUse',
    toolName: 'Bash',
    sessionId: 'session-1',
    toolUseId: 'toolu_1',
    cwd: '/home/dev/app',
    argv: ['python3', '.claude/hooks/guard_rm.py'],
    createdAtMs: Date.parse('2026-11-22T10:00:00.000Z') + counter,
    pid: 1,
    pidStart: 1,
    engine: 'node',
    engineVersion: '0.1.0',
    maxBytes: 200_000,
    storeRaw: false,
    compress: false,
    redact: true,
    warnings: [],
    ...changes,
  };
}

export function anEnd(changes: Partial<End> = {}): End {
  return {
    kind: 'exited',
    exitCode: 0,
    durationMs: 12.5,
    overheadMs: 1.25,
    stdinBytes: 519,
    stdoutBytes: 0,
    stderrBytes: 0,
    stdoutKind: 'empty',
    stderrTail: new Uint8Array(),
    captures: [],
    ...changes,
  };
}
