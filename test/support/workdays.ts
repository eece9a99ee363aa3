import type { Execution, Status } from '../../src/domain/execution.ts';
import type { Recorded } from '../../src/store/executions.ts';
import { createRandom } from './random.ts';
import { anExecution, recordedOf } from './seed.ts';

/** What runs before and after a tool call: its name, its duration in ms, and how often it does not succeed, in %. */
const BEFORE = [
  { name: 'guard_rm', ms: 38, odds: 3, otherwise: 'blocked' },
  { name: 'secret_scan', ms: 95, odds: 1, otherwise: 'blocked' },
] as const;
const AFTER = [
  { name: 'format_file', ms: 420, odds: 6, otherwise: 'error' },
  { name: 'lint', ms: 1300, odds: 4, otherwise: 'timeout' },
  { name: 'log_event', ms: 5, odds: 9, otherwise: 'dedupe_skip' },
] as const;
const TOOLS = ['Bash', 'Edit', 'Write', 'Read'];

/** Sessions with tool calls and their hooks over a day, as an agent makes them; nearly the same every time. */
export function workdays(untilMs: number, sessions = 6, calls = 60): Recorded[] {
  const random = createRandom(11);
  const recorded: Recorded[] = [];
  for (let session = 0; session < sessions; session += 1) {
    let at = untilMs - ((sessions - session) * 22 * 3_600_000) / sessions;
    const sessionId = `5e55${session}000-41ab-4e0e-9d6c-2b8e5a1f9c04`;
    for (let call = 0; call < calls; call += 1) {
      const tool = TOOLS[random(TOOLS.length)] ?? 'Bash';
      const common = {
        sessionId,
        toolName: tool,
        toolUseId: `toolu_${session}_${call}`,
        agent: 'claude',
        project: '/home/dev/app',
      } as const;
      for (const [hooks, eventType] of [
        [BEFORE, 'PreToolUse'],
        [AFTER, 'PostToolUse'],
      ] as const) {
        let end = at;
        for (const [index, { name, ms, odds, otherwise }] of hooks.entries()) {
          const status: Status = random(100) < odds ? otherwise : 'success';
          const durationMs = (ms * (60 + random(120))) / 100;
          const begin = at + index * 6;
          recorded.push(
            recordedOf(
              anExecution({
                ...common,
                ...endOf(status),
                hookName: name,
                eventType,
                command: `.claude/hooks/${name}`,
                durationMs: status === 'dedupe_skip' ? undefined : durationMs,
                overheadMs: 0.4 + random(100) / 90,
                createdAt: new Date(begin).toISOString(),
              }),
            ),
          );
          end = Math.max(end, begin + durationMs);
        }
        at = end + 300 + random(2000);
      }
      at += random(120_000);
    }
  }
  return recorded.filter(({ execution }) => Date.parse(execution.createdAt) < untilMs);
}

function endOf(status: Status): Partial<Execution> {
  const exitCode = {
    success: 0,
    blocked: 2,
    error: 1,
    timeout: 124,
    dedupe_skip: undefined,
    breaker_skip: 0,
  }[status];
  const error =
    status === 'error' ? "FileNotFoundError: No such file or directory: 'prettier'" : undefined;
  const refusal = { decision: 'deny', decisionReason: 'Refusing to run: rm -rf ../build' } as const;
  return { status, exitCode, error, ...(status === 'blocked' && refusal) };
}
