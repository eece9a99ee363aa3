import type { Execution, Status } from '../../src/domain/execution.ts';
import type { Recorded } from '../../src/store/executions.ts';
import { createRandom } from './random.ts';
import { anExecution, recordedOf } from './seed.ts';

/** What a hook may do instead of succeeding, and how often, in %. */
interface Turn {
  readonly odds: number;
  readonly status: Status;
  readonly exitCode?: number;
  readonly error?: string;
  readonly reason?: string;
  /** Only for inputs with this text. */
  readonly of?: string;
}

interface StoryHook {
  readonly name: string;
  readonly event: string;
  readonly tools: readonly string[];
  readonly command: string;
  readonly ms: number;
  readonly turns: readonly Turn[];
}

const traceback = (file: string, last: string): string =>
  `Traceback (most recent call last):\n  File "/home/dev/.claude/hooks/${file}", line 9, in <module>\n    main()\n${last}`;

const PRE = 'PreToolUse';
const POST = 'PostToolUse';

/** Hooks as a person has them after some months: guards, formatters, one that broke and one that is slow. */
const HOOKS: readonly StoryHook[] = [
  {
    ...{ name: 'guard_rm', event: PRE, tools: ['Bash'], ms: 34 },
    command: 'python3 ~/.claude/hooks/guard_rm.py',
    turns: [
      {
        ...{ odds: 100, of: 'rm -rf' },
        status: 'blocked',
        exitCode: 2,
        reason: 'rm -rf outside the project is not allowed',
      },
    ],
  },
  {
    ...{ name: 'no_push', event: PRE, tools: ['Bash'], ms: 12 },
    command: '~/.claude/hooks/no_push.sh',
    turns: [
      {
        ...{ odds: 100, of: 'git push origin main' },
        status: 'success',
        reason: 'push to a branch and open a pull request',
      },
    ],
  },
  {
    ...{ name: 'protect_secrets', event: PRE, tools: ['Edit', 'Write'], ms: 71 },
    command: 'python3 ~/.claude/hooks/protect_secrets.py',
    turns: [
      {
        ...{ odds: 6, status: 'error', exitCode: 1 },
        error: traceback(
          'protect_secrets.py',
          "AttributeError: 'NoneType' object has no attribute 'group'",
        ),
      },
      {
        ...{ odds: 100, of: '.env' },
        status: 'blocked',
        exitCode: 2,
        reason: '.env holds secrets; ask the user to edit it',
      },
    ],
  },
  {
    ...{ name: 'prettier', event: POST, tools: ['Edit', 'Write'], ms: 380 },
    command: 'npx prettier --write "$FILE"',
    turns: [
      {
        odds: 3,
        status: 'error',
        exitCode: 2,
        error: '[error] src/cart.ts: SyntaxError: Unexpected token (41:3)',
      },
      { odds: 9, status: 'dedupe_skip' },
    ],
  },
  {
    ...{ name: 'eslint', event: POST, tools: ['Edit', 'Write'], ms: 1900 },
    command: 'npx eslint --fix "$FILE"',
    turns: [{ odds: 3, status: 'timeout', exitCode: 124, error: 'timed out after 5 s' }],
  },
  {
    ...{ name: 'audit_log', event: POST, tools: ['Bash', 'Edit', 'Write', 'Read'], ms: 6 },
    command: '~/.claude/hooks/audit_log.sh',
    turns: [],
  },
  {
    ...{ name: 'notify_slack', event: 'Stop', tools: [], ms: 45 },
    command: 'python3 ~/.claude/hooks/notify_slack.py',
    turns: [
      {
        odds: 100,
        status: 'error',
        exitCode: 1,
        error: traceback('notify_slack.py', "KeyError: 'SLACK_WEBHOOK_URL'"),
      },
    ],
  },
];

const INPUTS: Readonly<Record<string, readonly object[]>> = {
  Bash: [
    'npm test -- --run cart',
    'git status --short',
    'rg -n "applyDiscount" src',
    'npm run build',
    'git diff --stat',
    'ls -la dist',
    'npx tsc --noEmit',
    'curl -s localhost:3000/health',
    'git log --oneline -5',
    'rm -rf ../build',
    'git push origin main',
    'docker compose ps',
  ].map((command) => ({ command })),
  Edit: [
    'src/cart.ts',
    'src/checkout/discount.ts',
    'src/checkout/tax.ts',
    'src/routes/orders.ts',
    'src/lib/money.ts',
    'test/cart.test.ts',
    'package.json',
    '.env',
  ].map((file_path) => ({ file_path })),
  Write: ['test/discount.test.ts', 'docs/checkout.md', 'src/lib/currency.ts'].map((file_path) => ({
    file_path,
  })),
  Read: ['package.json', 'src/cart.ts', 'src/lib/money.ts'].map((file_path) => ({ file_path })),
};
const TOOLS = ['Bash', 'Edit', 'Read', 'Edit', 'Write', 'Bash'];
const PROJECTS = ['/home/dev/shop-api', '/home/dev/web-app', '/home/dev/infra'];

/** Sessions of three projects up to `untilMs`, with payloads of every call; the same every time. */
export function story(
  untilMs: number,
  sessions = 9,
  calls = 26,
  spanMs = 7.5 * 3_600_000,
): Recorded[] {
  const random = createRandom(7);
  const recorded: Recorded[] = [];
  for (let session = 0; session < sessions; session += 1) {
    let at = untilMs - ((sessions - session) * spanMs) / sessions;
    const project = PROJECTS[session % PROJECTS.length] ?? '';
    const common = {
      sessionId: `${(0x3fa9c100 + session * 0x1d3b7).toString(16)}-41ab-4e0e-9d6c-2b8e5a1f9c04`,
      agent: session % 4 === 3 ? 'codex' : 'claude',
      project,
      cwd: project,
    } as const;
    const fire = (
      event: string,
      tool: string | undefined,
      what: Partial<Execution>,
      input: object,
    ) => {
      let end = at;
      for (const hook of HOOKS) {
        if (hook.event !== event || (tool !== undefined && !hook.tools.includes(tool))) continue;
        const turn = turnOf(hook.turns, random(100), JSON.stringify(input));
        const durationMs = turn?.status === 'timeout' ? 5003 : (hook.ms * (70 + random(90))) / 100;
        const begin = at + random(4);
        const stdin = { hook_event_name: event, tool_name: tool, tool_input: input };
        recorded.push(
          recordedOf(
            anExecution({
              ...{ ...common, ...what, ...endOf(turn), hookName: hook.name, eventType: event },
              ...{ command: hook.command, toolName: tool, overheadMs: 0.15 + random(40) / 200 },
              durationMs: turn?.status === 'dedupe_skip' ? undefined : durationMs,
              createdAt: new Date(begin).toISOString(),
            }),
            [
              {
                stream: 'stdin',
                encoding: 'identity',
                truncated: false,
                body: Buffer.from(JSON.stringify(stdin)),
              },
            ],
          ),
        );
        end = Math.max(end, begin + durationMs);
      }
      at = end + 40;
    };
    for (let call = 0; call < calls; call += 1) {
      const tool = TOOLS[random(TOOLS.length)] ?? 'Bash';
      const inputs = INPUTS[tool] ?? [{}];
      const input = inputs[random(inputs.length)] ?? {};
      const what = { toolUseId: `toolu_01${session}${String(call).padStart(4, '0')}` };
      fire(PRE, tool, what, input);
      at += 200 + random(1500);
      fire(POST, tool, what, input);
      at += random((spanMs / sessions / calls) * 1.4);
      if (call % 9 === 8) fire('Stop', undefined, {}, {});
    }
  }
  return recorded.filter(({ execution }) => Date.parse(execution.createdAt) < untilMs);
}

function turnOf(turns: readonly Turn[], drawn: number, input: string): Turn | undefined {
  let sum = 0;
  const possible = turns.filter(({ of = '' }) => input.includes(of));
  return possible.find(({ odds }) => {
    sum += odds;
    return drawn < sum;
  });
}

function endOf(turn: Turn | undefined): Partial<Execution> {
  if (turn === undefined) return { status: 'success', exitCode: 0, decision: 'none' };
  const { status, exitCode, error, reason } = turn;
  const refusal =
    reason === undefined ? {} : ({ decision: 'deny', decisionReason: reason } as const);
  return {
    status,
    exitCode: status === 'dedupe_skip' ? undefined : (exitCode ?? 0),
    error: error ?? (status === 'blocked' ? reason : undefined),
    stderrBytes: (error ?? (status === 'blocked' ? reason : undefined))?.length ?? 0,
    ...refusal,
  };
}
