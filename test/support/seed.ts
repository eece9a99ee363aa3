import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { zlibSync } from 'fflate';
import type { Execution, Status, StoredPayload } from '../../src/domain/execution.ts';
import { uuidV7 } from '../../src/domain/identifiers.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter, type Recorded } from '../../src/store/executions.ts';
import { makeState } from './state.ts';

/** A hook as a project might have it: how long it takes, and how often it does not succeed. */
interface SeedHook {
  readonly name: string;
  readonly command: string;
  readonly event: string;
  readonly tools: readonly (string | undefined)[];
  /** Median duration, in ms. */
  readonly medianMs: number;
  /** Per cent. */
  readonly blocked?: number;
  readonly error?: number;
  readonly timeout?: number;
  readonly deduped?: number;
  readonly says?: string;
}

const TRACEBACK = `Traceback (most recent call last):
  File "/home/dev/app/.claude/hooks/format_file.py", line 31, in <module>
    main()
  File "/home/dev/app/.claude/hooks/format_file.py", line 24, in main
    subprocess.run(["prettier", "--write", path], check=True)
FileNotFoundError: [Errno 2] No such file or directory: 'prettier'`;

const HOOKS: readonly SeedHook[] = [
  {
    name: 'guard_rm',
    command: 'python3 .claude/hooks/guard_rm.py',
    event: 'PreToolUse',
    tools: ['Bash'],
    medianMs: 38,
    blocked: 4,
    says: 'guard_rm: refusing to delete outside the project: rm -rf ../build',
  },
  {
    name: 'secret_scan',
    command: 'node .claude/hooks/secret_scan.mjs',
    event: 'PreToolUse',
    tools: ['Write', 'Edit', 'MultiEdit'],
    medianMs: 92,
    blocked: 1,
    says: 'secret_scan: src/config.ts:12 looks like an AWS key',
  },
  {
    name: 'format_file',
    command: 'python3 .claude/hooks/format_file.py',
    event: 'PostToolUse',
    tools: ['Write', 'Edit'],
    medianMs: 410,
    error: 5,
    deduped: 6,
    says: TRACEBACK,
  },
  {
    name: 'lint',
    command: 'npx eslint --stdin --format unix | tee -a .claude/lint.log',
    event: 'PostToolUse',
    tools: ['Edit'],
    medianMs: 2600,
    error: 2,
    timeout: 3,
    says: 'stdin: line 3, col 7, Error - unexpected token (parse)',
  },
  {
    name: 'log_event',
    command: '.claude/hooks/log_event.sh',
    event: 'PreToolUse',
    tools: ['mcp__github__create_pull_request', 'Read', 'Grep'],
    medianMs: 4,
  },
  {
    name: 'session_context',
    command: '.claude/hooks/session_context.sh',
    event: 'SessionStart',
    tools: [undefined],
    medianMs: 65,
  },
  {
    name: 'notify',
    command: 'notify-send "Claude Code"',
    event: 'Notification',
    tools: [undefined],
    medianMs: 12,
    error: 30,
    says: 'sh: 1: notify-send: not found',
  },
  {
    name: 'stop_once',
    command: 'python3 .claude/hooks/stop_once.py',
    event: 'Stop',
    tools: [undefined],
    medianMs: 44,
    blocked: 25,
    says: 'Run the tests before you stop.',
  },
];

export interface Seed {
  readonly count: number;
  /** When the last execution started. */
  readonly untilMs: number;
  readonly overMs: number;
  readonly storesPayloads?: boolean;
}

/** Fills a database with what a few days of work might leave; the same every time. */
export function seedExecutions(path: string, seed: Seed): Recorded[] {
  const random = createRandom(7);
  const recorded = Array.from({ length: seed.count }, (_, index) => {
    const createdAtMs = Math.round(
      seed.untilMs - seed.overMs + (seed.overMs * (index + 1)) / seed.count,
    );
    const hook = HOOKS[Math.floor(random() ** 1.6 * HOOKS.length)] ?? HOOKS[0];
    if (hook === undefined) throw new Error('expected a hook');
    return oneExecution(hook, createdAtMs, random, seed.storesPayloads === true);
  });
  writeExecutions(path, recorded);
  return recorded;
}

/** Writes executions as an engine would. */
export function writeExecutions(path: string, recorded: readonly Recorded[]): void {
  makeState(dirname(path));
  const db = openDatabase(path, 5000);
  createExecutionWriter(db).write(recorded);
  db.close();
}

let counter = 0;

/** A plausible execution; each has a different id. */
export function anExecution(changes: Partial<Execution> = {}): Execution {
  counter += 1;
  const createdAt = changes.createdAt ?? '2026-11-22T10:00:00.000Z';
  const unique = createHash('sha256').update(`${counter}`).digest();
  return {
    executionId: uuidV7(Date.parse(createdAt), unique),
    correlationId: unique.toString('hex').slice(0, 32),
    spanId: unique.toString('hex').slice(32, 48),
    parentSpanId: undefined,
    hookName: 'guard_rm',
    eventType: 'PreToolUse',
    toolName: undefined,
    sessionId: undefined,
    toolUseId: undefined,
    cwd: undefined,
    command: 'python3 .claude/hooks/guard_rm.py',
    status: 'success',
    exitCode: 0,
    signal: undefined,
    error: undefined,
    durationMs: 12.5,
    overheadMs: 1.25,
    stdinBytes: 519,
    stdoutBytes: 0,
    stderrBytes: 0,
    stdoutKind: 'empty',
    stdoutDigest: undefined,
    dedupeKey: undefined,
    createdAt,
    redacted: 1,
    decision: 'none',
    changesInput: 0,
    contextChars: 0,
    ...changes,
  };
}

/** An execution without anything else stored. */
export function recordedOf(
  execution: Execution,
  payloads: readonly StoredPayload[] = [],
  warnings: readonly string[] = [],
): Recorded {
  return { execution, payloads, warnings };
}

function oneExecution(
  hook: SeedHook,
  createdAtMs: number,
  random: () => number,
  storesPayloads: boolean,
): Recorded {
  const status = statusOf(hook, random() * 100);
  const tool = hook.tools[Math.floor(random() * hook.tools.length)];
  const isRun = status !== 'dedupe_skip';
  const durationMs = status === 'timeout' ? 20_000 + random() * 30 : spread(hook.medianMs, random);
  const stdin = JSON.stringify({
    session_id: '7d3f0c52-41ab-4e0e-9d6c-2b8e5a1f9c04',
    cwd: '/home/dev/app',
    hook_event_name: hook.event,
    tool_name: tool,
    tool_input: { command: 'npm test -- --run src/auth', description: 'Run the auth unit tests' },
    tool_use_id: 'toolu_01K9vQe7mX2bR4tYwZ6uJ8sD',
  });
  const error = {
    success: undefined,
    dedupe_skip: undefined,
    breaker_skip: undefined,
    timeout: 'timed out after 20 s',
    blocked: hook.says,
    error: hook.says,
  }[status];
  const execution = anExecution({
    createdAt: new Date(createdAtMs).toISOString(),
    hookName: hook.name,
    eventType: hook.event,
    command: hook.command,
    status,
    toolName: tool,
    sessionId: '7d3f0c52-41ab-4e0e-9d6c-2b8e5a1f9c04',
    toolUseId: tool === undefined ? undefined : 'toolu_01K9vQe7mX2bR4tYwZ6uJ8sD',
    cwd: '/home/dev/app',
    exitCode: exitCodeOf(status),
    signal: status === 'timeout' ? 'SIGTERM' : undefined,
    error,
    durationMs: isRun ? Math.round(durationMs * 1000) / 1000 : undefined,
    overheadMs: Math.round(spread(0.9, random) * 1000) / 1000,
    stdinBytes: stdin.length,
    stderrBytes: error?.length ?? 0,
  });
  const body = Buffer.from(stdin);
  const payloads: StoredPayload[] = storesPayloads
    ? [{ stream: 'stdin', encoding: 'zlib', truncated: false, body: zlibSync(body) }]
    : [];
  return recordedOf(execution, payloads);
}

function statusOf(hook: SeedHook, draw: number): Status {
  const { blocked = 0, error = 0, timeout = 0, deduped = 0 } = hook;
  if (draw < blocked) return 'blocked';
  if (draw < blocked + error) return 'error';
  if (draw < blocked + error + timeout) return 'timeout';
  return draw < blocked + error + timeout + deduped ? 'dedupe_skip' : 'success';
}

function exitCodeOf(status: Status): number | undefined {
  if (status === 'timeout' || status === 'dedupe_skip') return undefined;
  return { success: 0, blocked: 2, error: 1, breaker_skip: 0 }[status];
}

/** Times around a median, with the long tail of real ones. */
function spread(median: number, random: () => number): number {
  return median * Math.exp((random() + random() + random() - 1.5) * 0.9);
}

/** Numbers from 0 to 1 that look random and are the same every time (mulberry32). */
function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
