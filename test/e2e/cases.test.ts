import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookbus } from '../support/hookbus.ts';
import {
  converse,
  findClaude,
  makeClientHome,
  type Session,
  type ToolCall,
} from './support/claude.ts';

const CLAUDE = findClaude();
const WHY = typeof CLAUDE === 'string' ? ` (skipped: ${CLAUDE})` : '';
if (WHY !== '')
  process.stderr.write(`hookbus test is not compared with the real Claude Code${WHY}\n`);

/** Each hook notes in $HOOK_LOG that it ran, for which tool use. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'py_guard.py': `
import json, os, sys
payload = json.load(sys.stdin)
with open(os.environ.get("HOOK_LOG", os.devnull), "a") as log:
    log.write("py_guard " + payload["tool_use_id"] + "\\n")
if "refuse-by-exit" in json.dumps(payload["tool_input"]):
    print("py_guard says no", file=sys.stderr)
    sys.exit(2)
`,
  'answers.cjs': `
const { readFileSync, appendFileSync } = require('node:fs');
const name = process.argv[2] ?? 'answers';
const payload = JSON.parse(readFileSync(0, 'utf8'));
appendFileSync(process.env.HOOK_LOG ?? '/dev/null', name + ' ' + payload.tool_use_id + '\\n');
const text = JSON.stringify(payload.tool_input);
const said = (fields) => {
  console.log(JSON.stringify({ hookSpecificOutput: { hookEventName: 'PreToolUse', ...fields } }));
};
const decide = (permissionDecision) =>
  said({ permissionDecision, permissionDecisionReason: name + ' says ' + permissionDecision });
if (text.includes(name + '-deny')) decide('deny');
if (text.includes(name + '-ask')) decide('ask');
if (text.includes(name + '-allow')) decide('allow');
if (text.includes(name + '-block')) decide('block');
if (text.includes(name + '-context')) said({ additionalContext: name + ' has context' });
if (text.includes(name + '-broken')) console.log('{"hookSpecificOutput": ');
if (text.includes(name + '-one')) { console.error(name + ' fails'); process.exit(1); }
if (text.includes(name + '-old')) console.log(JSON.stringify({ decision: 'block', reason: name + ' blocks' }));
if (text.includes(name + '-rewrite')) {
  const change = () =>
    said({ permissionDecision: 'allow', updatedInput: { ...payload.tool_input, command: 'echo rewritten by ' + name } });
  if (name === 'second') setTimeout(change, 700);
  else change();
}
`,
  'hang.sh': `
input=$(cat)
printf '%s' "$input" | jq -r '"hang " + .tool_use_id' >>"\${HOOK_LOG:-/dev/null}"
case $input in *hang-now*) sleep 20; echo '{"decision": "block", "reason": "too late"}' ;; esac
`,
};

const AT = `"$CLAUDE_PROJECT_DIR"`;
const PLACEHOLDER = `\${CLAUDE_PROJECT_DIR}`;
const line = (command: string, more: object = {}) => ({ type: 'command', command, ...more });
/** A hook that notes its name and refuses all that reaches it. */
const never = (name: string) =>
  line(
    `input=$(cat); printf '%s' "$input" | jq -r '"${name} " + .tool_use_id' >>"\${HOOK_LOG:-/dev/null}"; : ./${name}.sh; echo "${name} says no" >&2; exit 2`,
  );

const PRE_TOOL_USE = [
  {
    matcher: 'Bash',
    hooks: [
      line(`python3 ${AT}/py_guard.py`),
      line(
        `input=$(cat); printf '%s' "$input" | jq -r '"pipe " + .tool_use_id' >>"\${HOOK_LOG:-/dev/null}"; : ./pipe.sh; printf '%s' "$input" | jq -r .tool_input.command | grep -q refuse-by-pipe && { echo "pipe says no" >&2; exit 2; } || true`,
      ),
      line(`${AT}/hang.sh`, { timeout: 5 }),
      { ...never('pushed'), if: 'Bash(git push:*)' },
      { ...never('listed'), if: 'Bash(ls -l)' },
    ],
  },
  { matcher: '^Ba.*$', hooks: [line(`node ${AT}/answers.cjs`)] },
  {
    matcher: 'Bash, Write',
    hooks: [line('node', { args: [`${PLACEHOLDER}/answers.cjs`, 'program'] })],
  },
  { matcher: '*', hooks: [line(`node ${AT}/answers.cjs second`)] },
  { matcher: 'bash', hooks: [never('small')] },
  { matcher: 'Bas', hooks: [never('part')] },
  { matcher: 'Write', hooks: [{ ...never('secrets'), if: 'Write(*.env)' }] },
];

const bash = (command: string): ToolCall => ({ name: 'Bash', input: { command } });

/** What the model calls; the words in it make the hooks act. */
const CALLS: Readonly<Record<string, ToolCall>> = {
  'nothing to say': bash('echo plain'),
  'exit code 2': bash('echo refuse-by-exit'),
  'exit code 2 in a list with pipes': bash('echo refuse-by-pipe'),
  'deny by JSON': bash('echo answers-deny'),
  'block by JSON, the old way': bash('echo answers-old'),
  'ask by JSON': bash('echo answers-ask'),
  'allow by JSON': bash('echo answers-allow'),
  'an invalid decision': bash('echo answers-block'),
  'broken JSON': bash('echo answers-broken'),
  'exit code 1': bash('echo answers-one'),
  'added context': bash('echo answers-context'),
  'changed input': bash('echo answers-rewrite'),
  'two changed inputs, the last to end counts': bash('echo answers-rewrite second-rewrite'),
  'deny beside allow': bash('echo answers-allow refuse-by-exit'),
  'deny beside ask': bash('echo answers-ask second-deny'),
  'ask beside allow': bash('echo answers-allow second-ask'),
  'changed input beside a deny': bash('echo answers-rewrite refuse-by-pipe'),
  'deny of a program with arguments': bash('echo program-deny'),
  'two that deny': bash('echo answers-deny program-deny'),
  'a rule in "if" that matches': bash('true && git push origin'),
  'a rule in "if" that does not match': bash('ls -la'),
  'a rule in "if" for a substitution': bash('echo $(date)'),
  'a hook over its time limit': bash('echo hang-now'),
  'a file that no rule names': {
    name: 'Write',
    input: { file_path: 'PROJECT/a.txt', content: 'x' },
  },
  'a file that a rule names': {
    name: 'Write',
    input: { file_path: 'PROJECT/x.env', content: 'x' },
  },
  'a file, and a program that denies': {
    name: 'Write',
    input: { file_path: 'PROJECT/b.txt', content: 'program-deny' },
  },
};

interface Result {
  readonly name: string;
  readonly decision: string;
  readonly decision_reason: string | null;
  readonly context: string | null;
  readonly changed_input: { command: string } | null;
  readonly hooks: readonly { hook_name: string; line: number }[];
}

describe.skipIf(typeof CLAUDE === 'string')(`hookbus test and the real client${WHY}`, () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-cases-')));
  const [home, project, log] = [join(root, 'home'), join(root, 'project'), join(root, 'log')];
  const names = Object.keys(CALLS);
  const calls = Object.values(CALLS).map(
    (call) => JSON.parse(JSON.stringify(call).replace('PROJECT', project)) as ToolCall,
  );
  let session: Session;
  let results: Result[];
  let ran: string[][];

  beforeAll(async () => {
    if (typeof CLAUDE === 'string') throw new Error(CLAUDE);
    const temporary = join(root, 'tmp');
    for (const path of [temporary, join(project, '.claude'), join(project, '.hookbus', 'cases')])
      mkdirSync(path, { recursive: true });
    makeClientHome(home, project);
    for (const [name, text] of Object.entries(SCRIPTS)) {
      writeFileSync(join(project, name), name.endsWith('.sh') ? `#!/bin/sh${text}` : text);
      chmodSync(join(project, name), 0o755);
    }
    const settings = { hooks: { PreToolUse: PRE_TOOL_USE } };
    writeFileSync(join(project, '.claude', 'settings.json'), JSON.stringify(settings, null, 2));
    const cases = calls.map(({ name: tool, input }, index) => ({
      name: names[index],
      event: 'PreToolUse',
      tool,
      input,
      expect: { at_most_ms: 60_000 },
    }));
    writeFileSync(join(project, '.hookbus', 'cases', 'all.json'), JSON.stringify(cases));

    const env = {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: temporary,
      CLAUDE_CODE_TMPDIR: temporary,
    };
    session = await converse(
      CLAUDE,
      { home, project, env: { ...env, HOOK_LOG: log } },
      'go',
      calls.map((call) => [call]),
      new AbortController().signal,
    );
    const notes = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    ran = calls.map((_, turn) =>
      notes
        .filter((note) => note.endsWith(` toolu_${turn}_0`))
        .map((note) => note.split(' ')[0] ?? '')
        .sort(),
    );
    const { stdout } = await hookbus(['test', '--json'], { ...env, HOME: home }, project);
    results = (JSON.parse(stdout) as { results: Result[] }).results;
  });

  afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

  /** What the model received about the call: the text, and whether the tool ran. */
  const received = (turn: number): { text: string; isError: boolean; all: string } => {
    const messages = session.requests.at(-1)?.messages ?? [];
    const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
    const result = blocks.find(({ tool_use_id }) => tool_use_id === `toolu_${turn}_0`);
    const answers = messages.flatMap(({ role }, at) => (role === 'assistant' ? [at] : []));
    const after = messages.slice((answers[turn] ?? 0) + 1, answers[turn + 1]);
    return {
      text: JSON.stringify(result?.content ?? ''),
      isError: result?.is_error === true,
      all: JSON.stringify(after),
    };
  };

  /** What a hook writes into the log: the first of these names from its line on. */
  const noted = (settings: string[], { line: at }: Result['hooks'][number]): string => {
    const near = settings.slice(at - 1, at + 5).join(' ');
    const [name] =
      /\b(py_guard|pipe|hang|pushed|listed|program|second|secrets)\b/.exec(near) ??
      /answers/.exec(near) ??
      [];
    return name ?? near;
  };

  it.each(names.map((name, turn) => ({ name, turn })))('agree on $name', ({ name, turn }) => {
    const result = results[turn];
    const { text, isError, all } = received(turn);
    expect(result?.name).toBe(name);
    const settings = readFileSync(join(project, '.claude', 'settings.json'), 'utf8').split('\n');
    expect(result?.hooks.map((hook) => noted(settings, hook)).sort()).toEqual(ran[turn]);
    const isRefused = result?.decision === 'deny' || result?.decision === 'ask';
    expect({ isError, text }).toEqual({ isError: isRefused, text: expect.any(String) });
    if (result?.decision === 'deny') {
      // Of several reasons, the client passes on one.
      const reasons = (result.decision_reason ?? '').split('\n').filter(Boolean);
      expect(reasons.filter((reason) => text.includes(reason))).not.toEqual([]);
    }
    if (result?.decision === 'ask') expect(text).not.toMatch(/says (?:no|deny)/);
    if (result?.context) expect(all).toContain(result.context);
    const command = result?.changed_input?.command ?? String(calls[turn]?.input['command'] ?? '');
    if (!isRefused && /^echo [\w -]+$/.test(command)) expect(text).toContain(command.slice(5));
  });
});
