import { join } from 'node:path';
import { zlibSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { stateFindings } from '../../src/app/doctor/check-state.ts';
import { withFindings } from '../../src/app/health/read-health.ts';
import { findPayloads } from '../../src/app/reading/find-execution.ts';
import { readMetrics } from '../../src/app/reading/read-metrics.ts';
import { executionLines } from '../../src/cli/output/executions/execution.ts';
import { logLines } from '../../src/cli/output/executions/log-table.ts';
import { metricsLines } from '../../src/cli/output/metrics/metrics.ts';
import { createPage } from '../../src/cli/output/page.ts';
import { statusLines } from '../../src/cli/output/state/status.ts';
import { VERSION } from '../../src/domain/version.ts';
import { createMetrics } from '../../src/metrics/report.ts';
import { openDatabase } from '../../src/store/database.ts';
import { findById, listExecutions } from '../../src/store/queries/queries.ts';
import { anExecution, recordedOf, seedExecutions, writeExecutions } from '../support/seed.ts';
import {
  freshState,
  makeNewerDatabase,
  settingsOf,
  spoolRunning,
  spoolWhole,
} from '../support/state.ts';
import { readStatusOf } from '../support/status.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const NOW = Date.parse('2026-11-22T14:00:00.000Z');

const pageOf = (columns: number) => createPage(columns, false, NOW);

const shown = (lines: readonly string[]): string => `\n${lines.join('\n')}\n`;

beforeAll(() => {
  // Times are local, and these snapshots use UTC.
  process.env['TZ'] = 'UTC';
});

/** Half a day of executions. */
function aDatabase() {
  const path = join(temporaryDirectory(), 'hook_bus.db');
  seedExecutions(path, { count: 200, untilMs: NOW - 60_000, overMs: 43_200_000 });
  return openDatabase(path, 0);
}

const ALL = {
  hookNames: [],
  eventTypes: [],
  statuses: [],
  decisions: [],
  agents: [],
  subagents: [],
  projects: [],
  sessions: [],
  since: undefined,
  until: undefined,
  tools: [],
};

describe('the table of executions', () => {
  it('shows the status, and the reason of a failure', () => {
    const db = aDatabase();
    const rows = listExecutions(db, { ...ALL, limit: 24 });
    expect(shown(logLines(rows, pageOf(100)))).toMatchInlineSnapshot(`
      "
       ID  STARTED   HOOK             EVENT         TOOL   STATUS   EXIT     TOOK  OVERHEAD
      200  13:59:00  format_file      PostToolUse   Edit   success     0   629 ms   1.22 ms
      199  13:55:24  guard_rm         PreToolUse    Bash   success     0  21.2 ms   0.60 ms
      198  13:51:48  format_file      PostToolUse   Edit   success     0   570 ms   0.48 ms
      197  13:48:12  notify           Notification  –      error       1  14.2 ms   0.64 ms
            sh: 1: notify-send: not found
      196  13:44:36  format_file      PostToolUse   Write  success     0   186 ms   0.68 ms
      195  13:41:00  lint             PostToolUse   Edit   success     0  1.81 s    0.48 ms
      194  13:37:24  lint             PostToolUse   Edit   success     0  3.26 s    1.55 ms
      193  13:33:48  lint             PostToolUse   Edit   success     0  1.67 s    1.71 ms
      192  13:30:12  session_context  SessionStart  –      success     0  41.7 ms   0.63 ms
      191  13:26:36  stop_once        Stop          –      success     0  53.2 ms   0.26 ms
      190  13:23:00  notify           Notification  –      error       1  18.4 ms   1.15 ms
            sh: 1: notify-send: not found
      189  13:19:24  guard_rm         PreToolUse    Bash   success     0  33.1 ms   1.69 ms
      188  13:15:48  stop_once        Stop          –      success     0  44.5 ms   0.84 ms
      187  13:12:12  stop_once        Stop          –      success     0   119 ms   0.95 ms
      186  13:08:36  format_file      PostToolUse   Write  success     0   537 ms   0.60 ms
      185  13:05:00  guard_rm         PreToolUse    Bash   success     0  72.4 ms   0.72 ms
      184  13:01:24  guard_rm         PreToolUse    Bash   success     0  19.3 ms   0.40 ms
      183  12:57:48  secret_scan      PreToolUse    Write  success     0  84.8 ms   0.64 ms
      182  12:54:12  format_file      PostToolUse   Write  success     0   600 ms   1.18 ms
      181  12:50:36  guard_rm         PreToolUse    Bash   success     0  41.2 ms   0.59 ms
      180  12:47:00  secret_scan      PreToolUse    Write  success     0  36.3 ms   0.64 ms
      179  12:43:24  format_file      PostToolUse   Write  success     0   254 ms   0.97 ms
      178  12:39:48  guard_rm         PreToolUse    Bash   success     0  47.6 ms   0.77 ms
      177  12:36:12  guard_rm         PreToolUse    Bash   success     0  42.2 ms   0.83 ms
      "
    `);
    db.close();
  });

  it('shows failures in full on 80 columns', () => {
    const db = aDatabase();
    const rows = listExecutions(db, {
      ...ALL,
      statuses: ['error', 'timeout', 'blocked'],
      limit: 6,
    });
    expect(shown(logLines(rows, pageOf(80)))).toMatchInlineSnapshot(`
      "
       ID  STARTED   HOOK         EVENT         TOOL   STATUS      EXIT     TOOK
      197  13:48:12  notify       Notification  –      error          1  14.2 ms
            sh: 1: notify-send: not found
      190  13:23:00  notify       Notification  –      error          1  18.4 ms
            sh: 1: notify-send: not found
      175  12:29:00  lint         PostToolUse   Edit   timeout  SIGTERM  20.0 s
            timed out after 20 s
      174  12:25:24  notify       Notification  –      error          1  19.8 ms
            sh: 1: notify-send: not found
      149  10:55:24  lint         PostToolUse   Edit   timeout  SIGTERM  20.0 s
            timed out after 20 s
      133  09:57:48  format_file  PostToolUse   Write  error          1   479 ms
            FileNotFoundError: [Errno 2] No such file or directory: 'prettier'
      "
    `);
    db.close();
  });

  it('looks sorted: of one second, the last id comes first', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    writeExecutions(
      path,
      ['00.900', '00.100', '01.500', '00.500'].map((second) =>
        recordedOf(anExecution({ createdAt: `2026-11-22T13:00:${second}Z` })),
      ),
    );
    const db = openDatabase(path, 0);
    const lines = logLines(listExecutions(db, { ...ALL, limit: 9 }), pageOf(80)).slice(1);
    expect(lines.map((line) => line.trim().split(/ +/).slice(0, 2).join(' '))).toEqual([
      '3 13:00:01',
      '4 13:00:00',
      '2 13:00:00',
      '1 13:00:00',
    ]);
    db.close();
  });

  it('shows the date unless all are of today, and the year unless all are of this year', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const times = [
      '2026-11-22T13:00:00.000Z',
      '2026-11-21T23:59:59.999Z',
      '2025-01-02T03:04:05.000Z',
    ];
    writeExecutions(
      path,
      times.map((createdAt) => recordedOf(anExecution({ createdAt }))),
    );
    const db = openDatabase(path, 0);
    const rows = listExecutions(db, { ...ALL, limit: 9 });
    const startTimes = (count: number): (string | undefined)[] =>
      logLines(rows.slice(0, count), pageOf(100))
        .slice(1)
        .map((line) => /\d[-\d]*[-:][-: \d]*\d/.exec(line.slice(4))?.[0]);
    expect(startTimes(1)).toEqual(['13:00:00']);
    expect(startTimes(2)).toEqual(['11-22 13:00:00', '11-21 23:59:59']);
    expect(startTimes(3)[2]).toBe('2025-01-02 03:04:05');
    db.close();
  });

  it.each([
    [
      'Traceback (most recent call last):\n  File "x"\nKeyError: \'file_path\'',
      "KeyError: 'file_path'",
    ],
    [
      '/x.js:3\n  throw new TypeError("no")\n\nTypeError [ERR_X]: no\n    at x\n\nNode.js v20',
      'TypeError [ERR_X]: no',
    ],
    ['src/a.ts\n  3:7  unexpected token\n\n  1 problem (1 error)\n\n', '1 problem (1 error)'],
    [
      'json.decoder.JSONDecodeError: Expecting value',
      'json.decoder.JSONDecodeError: Expecting value',
    ],
  ])('shows the most useful line of %j', (error, line) => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    writeExecutions(path, [recordedOf(anExecution({ status: 'error', exitCode: 1, error }))]);
    const db = openDatabase(path, 0);
    const shown = logLines(listExecutions(db, { ...ALL, limit: 1 }), pageOf(100)).join('\n');
    expect(shown.endsWith(`  ${line}`)).toBe(true);
    db.close();
  });

  it('prefers our own reason to the output of the hook', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const error = 'timed out after 2 s\nKeyError: late';
    writeExecutions(path, [
      recordedOf(anExecution({ status: 'timeout', exitCode: undefined, signal: 'SIGTERM', error })),
    ]);
    const db = openDatabase(path, 0);
    expect(logLines(listExecutions(db, { ...ALL, limit: 1 }), pageOf(100)).join('\n')).toMatch(
      / {2}timed out after 2 s$/,
    );
    db.close();
  });
});

describe('the page of metrics', () => {
  it('has one table, and one line for the overhead', () => {
    const db = aDatabase();
    expect(shown(metricsLines(readMetrics(db, 24, NOW), pageOf(100)))).toMatchInlineSnapshot(`
      "
      The last 24 hours: 200 executions of 8 hooks, 11 failed (5.5 %), 8 denied, 2 min 07 s in total.

      HOOK             EVENT         RUNS  FAILED  DENIED      P50      P95      MAX        TOTAL
      lint             PostToolUse     27       3       0  2.49 s   20.0 s   20.0 s   1 min 47 s
      format_file      PostToolUse     29       1       0   450 ms   803 ms   829 ms      12.8 s
      secret_scan      PreToolUse      29       0       0  80.1 ms   197 ms   243 ms      2.77 s
      guard_rm         PreToolUse      46       0       3  36.7 ms  77.8 ms  89.8 ms      1.80 s
      session_context  SessionStart    23       0       0  68.5 ms   130 ms   139 ms      1.76 s
      stop_once        Stop            15       0       5  44.5 ms   119 ms   119 ms       762 ms
      notify           Notification    14       7       0  13.3 ms  19.8 ms  19.8 ms       184 ms
      log_event        PreToolUse      17       0       0  4.32 ms  10.1 ms  10.1 ms      78.5 ms

      HookBus itself added P50 0.91 ms, P95 1.85 ms, P99 2.29 ms.
      "
    `);
    db.close();
  });

  it('drops the less important columns on 80 columns', () => {
    const db = aDatabase();
    const lines = metricsLines(readMetrics(db, 0.5, NOW), pageOf(80));
    expect(shown(lines)).toMatchInlineSnapshot(`
      "
      The last 30 minutes: 9 executions of 5 hooks, 1 failed (11.1 %), 8.19 s in
      total.

      HOOK             EVENT         RUNS  FAILED      P50      P95      MAX    TOTAL
      lint             PostToolUse      3       0  1.81 s   3.26 s   3.26 s   6.73 s
      format_file      PostToolUse      3       0   570 ms   629 ms   629 ms  1.38 s
      session_context  SessionStart     1       0  41.7 ms  41.7 ms  41.7 ms  41.7 ms
      guard_rm         PreToolUse       1       0  21.2 ms  21.2 ms  21.2 ms  21.2 ms
      notify           Notification     1       1  14.2 ms  14.2 ms  14.2 ms  14.2 ms

      HookBus itself added P50 0.64 ms, P95 1.71 ms, P99 1.71 ms.
      "
    `);
    db.close();
  });

  it('fits the screen with many hooks, and says how much more there is', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const hooks = Array.from({ length: 300 }, (_, index) => `hook_of_the_project_${index}`);
    writeExecutions(
      path,
      hooks.map((hookName) =>
        recordedOf(anExecution({ hookName, createdAt: new Date(NOW - 1000).toISOString() })),
      ),
    );
    const db = openDatabase(path, 0);
    const report = readMetrics(db, 24, NOW);
    const page = createPage(80, false, NOW, 24);
    const lines = metricsLines(report, page, (some, all) => `${some} of ${all}`);
    expect(lines.length).toBeLessThan(24);
    const rows = lines.filter((line) => line.startsWith('hook_of'));
    expect(lines).toContain(`${rows.length} of 300`);
    expect(metricsLines(report, page).filter((line) => line.startsWith('hook_of'))).toHaveLength(
      300,
    );
    db.close();
  });

  it('says that there are no executions', () => {
    expect(metricsLines(createMetrics().report(1), pageOf(100))).toEqual([
      'No execution started in the last hour.',
    ]);
  });
});

describe('the page of one execution', () => {
  const at = { createdAt: '2026-11-22T13:57:00.123Z' };

  function pageOfOne(...recorded: Parameters<typeof recordedOf>): string {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    writeExecutions(path, [recordedOf(...recorded)]);
    const db = openDatabase(path, 0);
    const row = findById(db, 1);
    if (row === undefined) throw new Error('expected a row');
    const lines = executionLines(row, findPayloads(db, 1), [], pageOf(100));
    db.close();
    return shown(lines);
  }

  it('shows every field, and how to store payloads', () => {
    const page = pageOfOne(
      anExecution({
        ...at,
        executionId: '01a20375-0000-7000-8000-000000000001',
        correlationId: 'c'.repeat(32),
        spanId: 'd'.repeat(16),
        parentSpanId: 'e'.repeat(16),
        toolName: 'Bash',
        sessionId: '7d3f0c52-41ab-4e0e-9d6c-2b8e5a1f9c04',
        toolUseId: 'toolu_01K9vQe7mX2bR4tYwZ6uJ8sD',
        cwd: '/home/dev/app',
        status: 'blocked',
        exitCode: 2,
        error: 'guard_rm: refusing to delete outside the project\nrm -rf ../build',
        stdoutBytes: 1234,
        stdoutKind: 'broken',
        stdoutDigest: '0123456789abcdef',
        stderrBytes: 64,
        dedupeKey: 'guard_rm:PreToolUse:toolu_1',
      }),
    );
    expect(page).toMatchInlineSnapshot(`
      "
      Execution 1: blocked

      hook            guard_rm
      event           PreToolUse
      tool            Bash
      command         python3 .claude/hooks/guard_rm.py
      directory       /home/dev/app
      started         13:57:00, 2 minutes ago
      took            12.5 ms
      overhead        1.25 ms
      exit code       2
      decision        none
      stdin           519 B
      stdout          1.2 kB, broken JSON, digest 0123456789abcdef
      stderr          64 B
      execution id    01a20375-0000-7000-8000-000000000001
      correlation id  cccccccccccccccccccccccccccccccc
      span id         dddddddddddddddd
      parent span id  eeeeeeeeeeeeeeee
      session id      7d3f0c52-41ab-4e0e-9d6c-2b8e5a1f9c04
      tool use id     toolu_01K9vQe7mX2bR4tYwZ6uJ8sD
      dedupe key      guard_rm:PreToolUse:toolu_1

      error
        guard_rm: refusing to delete outside the project
        rm -rf ../build

      The payloads of this execution were not stored.
      To store payloads from now on: hookbus enable --store-raw
      "
    `);
  });

  it('indents JSON, keeps text, and dumps binary data', () => {
    const json = Buffer.from('{"tool_name":"Bash","tool_input":{"command":"ls \\u001b[0m"}}\n');
    const page = pageOfOne(anExecution({ ...at, stderrBytes: 90_000 }), [
      { stream: 'stdin', encoding: 'zlib', truncated: false, body: zlibSync(json) },
      {
        stream: 'stdout',
        encoding: 'identity',
        truncated: false,
        body: Buffer.from('{not\tJSON\x1b[2J\r\nsecond 日本\n'),
      },
      {
        stream: 'stderr',
        encoding: 'identity',
        truncated: true,
        body: Buffer.from([...Array(300).keys()]),
      },
    ]);
    expect(page.slice(page.indexOf('\nstdin ('))).toMatchInlineSnapshot(`
      "
      stdin (61 B, complete)
        {
          "tool_name": "Bash",
          "tool_input": {
            "command": "ls \\u001b[0m"
          }
        }

      stdout (29 B, complete)
        {not    JSON\\x1b[2J
        second 日本

      stderr (the first 300 B of 90 kB)
        00000000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................
        00000010  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f  ................
        00000020  20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f   !"#$%&'()*+,-./
        00000030  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?
        00000040  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO
        00000050  50 51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f  PQRSTUVWXYZ[\\]^_
        00000060  60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f  \`abcdefghijklmno
        00000070  70 71 72 73 74 75 76 77 78 79 7a 7b 7c 7d 7e 7f  pqrstuvwxyz{|}~.
        00000080  80 81 82 83 84 85 86 87 88 89 8a 8b 8c 8d 8e 8f  ................
        00000090  90 91 92 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f  ................
        000000a0  a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 aa ab ac ad ae af  ................
        000000b0  b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 ba bb bc bd be bf  ................
        000000c0  c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 ca cb cc cd ce cf  ................
        000000d0  d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 da db dc dd de df  ................
        000000e0  e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 ea eb ec ed ee ef  ................
        000000f0  f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff  ................
        … 44 B more; --json has them all
      "
    `);
  });

  it('omits a truncated character, and marks an empty payload', () => {
    const page = pageOfOne(anExecution({ ...at, stdinBytes: 9 }), [
      {
        stream: 'stdin',
        encoding: 'identity',
        truncated: true,
        body: Buffer.from('日本').subarray(0, 5),
      },
      { stream: 'stdout', encoding: 'identity', truncated: false, body: Buffer.alloc(0) },
    ]);
    expect(page).toContain('stdin (the first 5 B of 9 B)\n  日\n');
    expect(page).toContain('stdout (0 B, complete)\n  (empty)\n');
  });
});

describe('the page of status', () => {
  const statusOf = (home: string, env: Readonly<Record<string, string>> = {}): string => {
    const settings = settingsOf(home, env);
    const status = readStatusOf(settings, () => NOW);
    const health = withFindings(status.health, stateFindings(settings, status));
    const lines = statusLines(
      { ...status, health, recording: [], daemon_process: null },
      undefined,
      pageOf(100),
    );
    return shown(lines)
      .replaceAll(home, '/state')
      .replace(VERSION, '1.2.3')
      .replace(/\d+ kB/, 'N kB');
  };

  it('says on a new machine how to start', () => {
    expect(statusOf(freshState().home)).toMatchInlineSnapshot(`
      "
      HookBus 1.2.3
      Recording: off. No agent has hooks in its settings here.
      Once there are some, type: hookbus install --enable

        database   none yet: the first execution creates it
        daemon     not running; the next hook starts it
        directory  /state (not created yet)
      "
    `);
  });

  it('shows everything at a glance', () => {
    const { home, paths } = freshState();
    seedExecutions(paths.database, { count: 200, untilMs: NOW - 60_000, overMs: 43_200_000 });
    spoolWhole(paths, { createdAtMs: NOW - 5000, warnings: ['unknown option --nmae'] });
    spoolRunning(paths, { createdAtMs: NOW - 1000 });
    const env = {
      HOOKBUS_ENABLED: '1',
      HOOKBUS_STORE_RAW: 'deny, error',
      HOOKBUS_COMPRESS: '1',
      HOOKBUS_REDACT: 'perhaps',
    };
    expect(statusOf(home, env)).toMatchInlineSnapshot(`
      "
      HookBus 1.2.3
      Recording: on in this shell. No agent has hooks in its settings here.

      What is wrong
      - lint was ended before it finished (2 of 27 runs)  > hookbus show 175
      - notify often fails (7 of 14 runs): sh: 1: notify-send: not found  > hookbus show 197
      - HOOKBUS_REDACT: expected 1, true, yes, on or 0, false, no, off, got "perhaps"; using the default
        > hookbus doctor
      - lint adds 1 min 47 s of waiting in the last 24 h  > hookbus report
      - guard_rm: unknown option --nmae (last at 2026-11-22T13:59:55.000Z)  > hookbus doctor

      Last 24 hours
        runs       201
        failures   11 (5.5 %), 7 of them notify
        refusals   8, 5 by stop_once on Stop
        time       2 min 07 s in hooks, 1 min 47 s of it lint (27 runs, P95 20.0 s)
        overhead   P50 0.92 ms, P95 1.85 ms, measured from inside

        database   201 executions, N kB, kept for 7 days with payloads of deny, error, up to 200 kB a
                   stream
        daemon     not running; the next hook starts it
        directory  /state
      "
    `);
  });

  it('says who ingests the spool without a daemon', () => {
    expect(statusOf(freshState().home, { HOOKBUS_DAEMON: 'off' })).toContain(
      'daemon     off (HOOKBUS_DAEMON): each `hookbus` command ingests the spool\n',
    );
  });

  it('says that a newer database is not used, and how many executions wait', () => {
    const { home, paths } = freshState();
    makeNewerDatabase(paths);
    spoolWhole(paths);
    // Line breaks depend on the length of the path.
    const page = statusOf(home).replace(/\s+/g, ' ');
    expect(page).toContain('not used: /state/hook_bus.db has version 99');
    expect(page).toContain('1 execution waits');
    expect(page).not.toContain('Last 24 hours');
  });

  it('shows as much of what is wrong as fits 24 lines, the worst first', () => {
    const { home, paths } = freshState();
    const warnings = Array.from({ length: 12 }, (_, index) => `unknown option --x${index}`);
    const broken = anExecution({
      createdAt: new Date(NOW - 1000).toISOString(),
      status: 'error',
      exitCode: 1,
    });
    writeExecutions(paths.database, [recordedOf(broken, [], warnings)]);
    const page = statusOf(home);
    expect(page.trim().split('\n').length).toBeLessThanOrEqual(24);
    const [first, ...others] = page.match(/^- .*/gm) ?? [];
    expect(first).toBe(
      '- guard_rm exits 1 where only exit code 2 blocks (1 of 1 run)  > hookbus show 1',
    );
    expect(page).toContain(`… and ${12 - others.length} more: hookbus doctor`);
  });
});
