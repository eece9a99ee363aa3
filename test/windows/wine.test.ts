import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aWindows, NODE, SCRIPT, WHY_NO_WINDOWS } from './wine.ts';

const RECORDS = { HOOKBUS_ENABLED: '1' };

/** A hook: echoes its stdin, says its arguments, and exits with the first. */
const HOOK = `
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
  const input = Buffer.concat(chunks);
  const [code, ...rest] = process.argv.slice(2);
  process.stdout.write(input);
  process.stderr.write(JSON.stringify(rest) + '\\xff\\r\\n\\0', 'latin1');
  process.exitCode = Number(code);
});`;

describe.skipIf(WHY_NO_WINDOWS !== undefined)(
  `on Windows${WHY_NO_WINDOWS === undefined ? '' : ` (skipped: ${WHY_NO_WINDOWS})`}`,
  // Wine takes seconds for each start.
  { timeout: 300_000 },
  () => {
    let windows: ReturnType<typeof aWindows>;
    const hook = 'C:\\my hooks\\echo.js';
    const json = (...words: string[]) =>
      JSON.parse(windows.hookbus([...words, '--json'], { env: RECORDS }).stdout.toString());

    beforeAll(() => {
      windows = aWindows();
      writeFileSync(windows.file('my hooks', 'echo.js'), HOOK);
    });

    afterAll(() => windows?.end());

    it('a hook gets its stdin, and its caller its streams and exit code, to the byte', () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_none, at) => at));
      const input = Buffer.concat(Array.from({ length: 6144 }, () => bytes));
      for (const [at, code] of ['0', '2', '7', '255'].entries()) {
        const words = [hook, code, 'a b', '', '"q"', 'C:\\x\\', '%PATH%', '&|<>^', 'é'];
        const given = { env: RECORDS, input: at === 0 ? input : bytes };
        const bare = windows.start([NODE, ...words], given);
        const { exitCode, stdout, stderr } = windows.hookbus(
          ['run', '--name', `echo-${code}`, '--', 'node', ...words],
          given,
        );
        expect(exitCode).toBe(Number(code));
        expect(digest(stdout)).toBe(digest(given.input));
        expect({ exitCode, stderr }).toEqual({ exitCode: bare.exitCode, stderr: bare.stderr });
      }
      const [last] = json('logs', '--hook', 'echo-0');
      expect(last).toMatchObject({ status: 'success', exit_code: 0, stdin_bytes: input.length });
      expect(json('logs', '--hook', 'echo-2')[0].status).toBe('blocked');
    });

    it('a refusal by JSON is on record, and the commands that read show it', () => {
      const answer = {
        hookSpecificOutput: {
          hookEventName: 'PreToolUse',
          permissionDecision: 'deny',
          permissionDecisionReason: 'not on Windows',
        },
      };
      const input = `${JSON.stringify({ hook_event_name: 'PreToolUse', session_id: 's', tool_name: 'Bash', tool_use_id: 't', tool_input: { command: 'x' } })}\n`;
      writeFileSync(
        windows.file('my hooks', 'deny.js'),
        `process.stdout.write(${JSON.stringify(JSON.stringify(answer))})`,
      );
      const run = ['run', '--name', 'deny', '--', 'node', 'C:\\my hooks\\deny.js'];
      const { stdout, exitCode } = windows.hookbus(run, { input, env: RECORDS });
      expect([exitCode, stdout.toString()]).toEqual([0, JSON.stringify(answer)]);
      const [logged] = json('logs', '--hook', 'deny');
      expect(logged).toMatchObject({
        event_type: 'PreToolUse',
        tool_name: 'Bash',
        decision: 'deny',
        decision_reason: 'not on Windows',
      });
      for (const words of [['status'], ['metrics'], ['show', String(logged.id)], ['logs']]) {
        const shown = windows.hookbus(words, { env: RECORDS });
        expect(shown.exitCode, shown.text).toBe(0);
        expect(shown.text).toContain('deny');
      }
    });

    it('after a daemon was killed nothing is lost, and the next one takes another pipe', () => {
      const pipe = windows.own('AppData', 'Local', 'hookbus', 'bus.sock');
      const env = { ...RECORDS, HOOKBUS_DAEMON: 'auto' };
      const daemon = (action: string) => windows.hookbus(['daemon', action, '--json'], { env });
      const pidOf = (): string => String(JSON.parse(daemon('status').stdout.toString()).pid);
      expect(daemon('start').exitCode).toBe(0);
      const name = readFileSync(pipe, 'utf8');
      windows.start(['taskkill', '/F', '/PID', pidOf()]);
      expect(readFileSync(pipe, 'utf8')).toBe(name);
      const run = ['run', '--name', 'meanwhile', '--', 'node', hook, '2'];
      expect(windows.hookbus(run, { env: RECORDS, input: 'x' }).exitCode).toBe(2);
      const started = daemon('start');
      expect(started.exitCode, started.text).toBe(0);
      expect(readFileSync(pipe, 'utf8')).not.toBe(name);
      expect(windows.hookbus(run, { env, input: 'x' }).exitCode).toBe(2);
      expect(daemon('stop').exitCode).toBe(0);
      expect(json('logs', '--hook', 'meanwhile')).toHaveLength(2);
    });

    it('install wraps what runs in Git Bash, and uninstall brings the bytes back', () => {
      const line = (command: string, more = {}) => ({ type: 'command', command, ...more });
      const hooks = [
        line('python3 C:/hooks/guard.py /check'),
        line(`"$CLAUDE_PROJECT_DIR"/.claude/hooks/it's.sh | cat`),
        line('Write-Output 1', { shell: 'powershell' }),
        line('node', { args: ['x.js'] }),
        line(String.raw`grep 'a\\b'`),
      ];
      const text = `${JSON.stringify({ hooks: { PreToolUse: [{ hooks }] } }, null, 1)}\r\n`;
      const path = windows.own('.claude', 'settings.json');
      writeFileSync(path, text);
      const work = (...words: string[]) => {
        const ended = windows.hookbus([...words, '--yes', '--json'], { env: RECORDS });
        expect(ended.exitCode, ended.text).toBe(0);
        return JSON.parse(ended.stdout.toString()).files[0].hooks as {
          readonly action: string;
          readonly becomes: string;
        }[];
      };
      const actions = (...words: string[]) => work(...words).map(({ action }) => action);
      // Without Git Bash, PowerShell would run the lines.
      expect(actions('install')).toEqual(['left', 'left', 'left', 'left', 'left']);
      writeFileSync(windows.file('Program Files', 'Git', 'bin', 'bash.exe'), '');
      writeFileSync(windows.file('Program Files', 'Git', 'usr', 'bin', 'msys-2.0.dll'), '');
      const planned = work('install', '--dry-run');
      expect(planned.map(({ action }) => action)).toEqual([
        'wrapped',
        'wrapped',
        'left',
        'left',
        'left',
      ]);
      expect(planned[0]?.becomes).toContain(
        `set -- 'C:/Program Files/nodejs/node.exe' 'C:/my & hookbus/bin/hookbus.js' run --name guard --; `,
      );
      expect(readFileSync(path, 'utf8')).toBe(text);
      work('install');
      const wrapped = readFileSync(path, 'utf8');
      expect(JSON.parse(wrapped).hooks.PreToolUse[0].hooks[0].command).toBe(planned[0]?.becomes);
      work('install');
      expect(readFileSync(path, 'utf8')).toBe(wrapped);
      work('uninstall', '--dry-run');
      expect(readFileSync(path, 'utf8')).toBe(wrapped);
      work('uninstall');
      expect(readFileSync(path, 'utf8')).toBe(text);
    });

    it.each([
      ['is missing', (bundle: string) => rmSync(bundle)],
      ['is empty', (bundle: string) => writeFileSync(bundle, '')],
    ])('a guard refuses as without HookBus if the bundle %s', (_what, spoil) => {
      const bundle = windows.file('my & hookbus', 'dist', 'run.cjs');
      const whole = readFileSync(bundle);
      try {
        spoil(bundle);
        const run = ['run', '--name', 'guard', '--', 'node', hook, '2', 'a b'];
        const { exitCode, stdout, stderr } = windows.hookbus(run, { input: 'payload' });
        expect([exitCode, stdout.toString()]).toEqual([2, 'payload']);
        expect(stderr.toString('latin1')).toBe('["a b"]\xff\r\n\0');
      } finally {
        writeFileSync(bundle, whole);
      }
    });

    describe('hookbus.cmd', () => {
      /** What cmd.exe makes of a line of a batch file. */
      const batch = (line: string, input = 'payload') => {
        writeFileSync(windows.file('try.bat'), `${line}\r\n`);
        return windows.start(['cmd', '/c', 'C:\\try.bat'], { input });
      };
      const words = '"a b" c^^^&d "x&y" "q""r" (x) a;b,c=d "" !e!';
      const seen = '["a b","c&d","x&y","q\\"r","(x)","a;b,c=d","","!e!"]\xff\r\n\0';
      const expectRun = (command: string) => {
        for (const code of [0, 2, 7]) {
          const run = `run --name x -- node "C:\\my hooks\\echo.js" ${code} ${words}`;
          const { exitCode, stdout, stderr } = batch(`@"${command}" ${run}`);
          expect([exitCode, stdout.toString()]).toEqual([code, 'payload']);
          expect(stderr.toString('latin1')).toBe(seen);
        }
      };

      it('of the checkout keeps words, streams and exit codes', () => {
        expectRun('C:\\my & hookbus\\bin\\hookbus.cmd');
      });

      it('that npm makes does so too', async ({ skip }) => {
        const place = shimOf(windows.file('npm', 'node_modules', 'hookbus', 'bin', 'x'));
        if (place === undefined) return skip('this npm has no cmd-shim');
        writeFileSync(
          windows.file('npm', 'node_modules', 'hookbus', 'bin', 'hookbus-command'),
          `#!/usr/bin/env node\nrequire(${JSON.stringify(SCRIPT)});\n`,
        );
        const shim = windows.file('npm', 'hookbus.cmd');
        await place(
          windows.file('npm', 'node_modules', 'hookbus', 'bin', 'hookbus-command'),
          shim.slice(0, -'.cmd'.length),
        );
        const text = readFileSync(shim, 'utf8');
        const jump = 'goto #_undefined_# 2>NUL || title %COMSPEC% & ';
        expect(text).toContain(jump);
        // The cmd of Wine ends a batch file at a jump to nowhere; that of Windows goes on in the same line.
        if (!batch('@goto #nowhere# 2>NUL || echo on', '').text.includes('on'))
          writeFileSync(shim, text.replace(jump, ''));
        expectRun('C:\\npm\\hookbus.cmd');
      });
    });
  },
);

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

type CmdShim = (from: string, to: string) => Promise<void>;

/** What npm makes the files on PATH with. */
function shimOf(from: string): CmdShim | undefined {
  const { stdout } = spawnSync('npm', ['root', '--global'], { encoding: 'utf8' });
  const shim = join(stdout.trim(), 'npm', 'node_modules', 'cmd-shim');
  return existsSync(shim) ? (createRequire(from)(shim) as CmdShim) : undefined;
}
