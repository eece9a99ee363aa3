import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { StatePaths } from '../../src/config/home/paths.ts';
import type { Begin, End } from '../../src/domain/record.ts';
import { VERSION } from '../../src/domain/version.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { encodeNotify } from '../../src/protocol/socket.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { aBegin, anEnd } from '../../test/support/records.ts';

const SLICE_MS = 100;

const REFUSAL = JSON.stringify({
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason: 'refusing to delete outside the project: rm -rf ../build',
  },
});
const TRACEBACK = `Traceback (most recent call last):
  File "/home/dev/app/.claude/hooks/format_file.py", line 24, in main
FileNotFoundError: [Errno 2] No such file or directory: 'prettier'
`;

/** What executions of twenty hooks leave; some refuse, and some fail. */
function recordOf(index: number): [Begin, End] {
  const [hook, call] = [index % 20, Math.floor(index / 20)];
  const begin = aBegin({
    executionId: `01a20375-1111-7000-8000-${index.toString(16).padStart(12, '0')}`,
    correlationId: call.toString(16).padStart(32, 'c'),
    spanId: index.toString(16).padStart(16, 'b'),
    hookName: `hook_${hook}`,
    eventType: hook < 10 ? 'PreToolUse' : 'PostToolUse',
    sessionId: `session-${Math.floor(call / 50)}`,
    toolUseId: `toolu_${call}`,
    cwd: `/home/dev/project_${call % 7}`,
    argv: ['python3', `.claude/hooks/hook_${hook}.py`],
    createdAtMs: Date.now(),
  });
  if (index % 509 === 0 && hook < 10)
    return [begin, anEnd({ stdoutKind: 'json', stdoutBytes: REFUSAL.length })];
  if (index % 211 === 0)
    return [
      begin,
      anEnd({ exitCode: 1, stderrBytes: TRACEBACK.length, stderrTail: Buffer.from(TRACEBACK) }),
    ];
  return [begin, anEnd({ durationMs: 5 + (index % 97) })];
}

/** Writes records to the spool and notifies the daemon, as launchers do. */
export function createLoad(paths: StatePaths, socket: string) {
  const spool = createSpool(paths.spool, paths.quarantine);
  let written = 0;
  return {
    written: () => written,
    /** Resolves once `count` are written, `perSecond` of them each second, or fewer if that is too fast. */
    async write(count: number, perSecond: number): Promise<void> {
      const startedAtMs = performance.now();
      for (let done = 0; done < count; ) {
        const due = ((performance.now() - startedAtMs + SLICE_MS) / 1000) * perSecond;
        for (; done < Math.min(due, count); done += 1) {
          const [begin, end] = recordOf(written);
          spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(end));
          written += 1;
        }
        connect(socket)
          .on('error', () => undefined)
          .end(encodeNotify(VERSION));
        await wait(SLICE_MS);
      }
    },
  };
}
