/* Settings of a guard, drawn at random: what one case of test/e2e/refusals.test.ts has. */

import { createRandom } from '../../support/random.ts';

export const NAME = 'guard';

/** How guards refuse, each the same way on every event. */
export const REFUSALS = {
  exit2: 'echo "not this" >&2; exit 2',
  exit2WithJson: `echo '{"decision":"block","reason":"no"}'; echo "not this" >&2; exit 2`,
  decision: `echo '{"decision":"block","reason":"no"}'`,
  permission: `echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny"}}'`,
  stop: `printf '{"continue": false, "stopReason": "no"}'`,
  late: 'sleep 0.05; echo "not this" >&2; exit 2',
  long: 'head -c 70000 /dev/zero | tr "\\0" x >&2; exit 2',
} as const;

const EVENTS = [
  'PreToolUse',
  'UserPromptSubmit',
  'Stop',
  'SubagentStop',
  'PermissionRequest',
  'PreCompact',
  'BeforeTool',
  'beforeShellExecution',
] as const;

/** The settings of one case. */
const KINDS = {
  refusal: Object.keys(REFUSALS) as (keyof typeof REFUSALS)[],
  event: EVENTS,
  payload: ['whole', 'without ids', 'not JSON', 'empty'],
  home: ['usual', 'usual', 'usual', 'a file', 'a link', 'corrupt', 'newer', 'locked'],
  gate: [
    'none',
    'none',
    'off',
    'off and on',
    'by name',
    'without an end',
    'breaker',
    'nonsense',
    'a directory',
    'a FIFO',
  ],
  breaker: ['none', 'none', 'for all', 'by name'],
  key: ['none', 'none', '--dedupe', 'template', 'replay', 'skip'],
  before: ['nothing', 'nothing', 'an allow', 'a refusal', 'five failures', 'an unfinished allow'],
  daemon: ['off', 'off', 'auto', 'running', 'stopped'],
  options: [
    [],
    [],
    ['--fail-open'],
    ['--guard'],
    ['--timeout', '20'],
    ['--max-bytes', '1'],
    ['--store-raw', '--compress'],
    ['--no-such-option'],
    ['--event', 'PostToolUse'],
    ['--tool', 'x'],
    ['--dedupe-ttl', '100000000'],
  ],
  environment: [
    {},
    {},
    { HOOKBUS_MAX_BYTES: '0' },
    { HOOKBUS_DEDUPE_TTL: '0' },
    { HOOKBUS_REDACT: '0' },
    { HOOKBUS_STORE_RAW: '1' },
    { HOOKBUS_ENABLED: '0' },
    { HOOKBUS_ENABLED: 'maybe' },
    { HOOKBUS_DEBUG: '1' },
    { HOOKBUS_DEDUPE_URL: 'redis://127.0.0.1:1' },
    { PATH: '/usr/bin:/bin' },
    { XDG_RUNTIME_DIR: '/nowhere' },
  ],
  config: [
    '',
    '',
    '{',
    '{"dedupe":{"url":"redis://127.0.0.1:1","secret":"0123456789abcdef0123456789abcdef"}}',
    '{"retention_days":0}',
    '{"redact":false}',
  ],
} as const;

export type Case = { readonly [K in keyof typeof KINDS]: (typeof KINDS)[K][number] };

export function draw(seed: number): Case {
  const random = createRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const drawn = Object.fromEntries(
    Object.entries(KINDS).map(([kind, from]) => [kind, pick<unknown>(from)]),
  ) as Case;
  // Every fifth guard is certainly off, so that some refusals are missing.
  if (seed % 5 === 0) return { ...drawn, home: 'usual', gate: 'off', options: [], environment: {} };
  const { options, payload } = drawn;
  const namesEvent = payload === 'whole' || payload === 'without ids';
  // If the payload names no event, the command line's counts, and nothing can be refused on that one.
  return options[0] === '--event' && !namesEvent ? { ...drawn, options: [] } : drawn;
}

export function payloadOf({ payload, event }: Case): string {
  if (payload === 'empty') return '';
  if (payload === 'not JSON') return 'PreToolUse Bash rm -rf /\n';
  const call = { hook_event_name: event, tool_name: 'Bash', tool_input: { command: 'rm -rf /' } };
  const ids = payload === 'whole' ? { session_id: 's', tool_use_id: 'toolu_1' } : {};
  return `${JSON.stringify({ ...ids, ...call })}\n`;
}

export function configOf({ config, breaker }: Case): string {
  if (config === '{' || breaker === 'none') return config;
  const rule = breaker === 'for all' ? { enabled: true } : { hooks: [`${NAME}: ./guard.sh`] };
  return JSON.stringify({ ...JSON.parse(config || '{}'), breaker: { ...rule, window: 3 } });
}

export const KEYS: Readonly<Record<Case['key'], readonly string[]>> = {
  none: [],
  '--dedupe': ['--dedupe'],
  template: ['--dedupe-key', '{tool_input.command}'],
  replay: ['--dedupe', '--on-duplicate', 'replay'],
  skip: ['--dedupe-key', '{event}', '--on-duplicate', 'skip'],
};
