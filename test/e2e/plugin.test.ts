import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/domain/version.ts';
import { hasLauncher, LAUNCHER } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { converse, findClaude, makeClientHome } from './support/claude.ts';

const CLAUDE = hasLauncher ? findClaude() : 'no launcher was built, there being no C compiler';
const WHY = typeof CLAUDE === 'string' ? ` (skipped: ${CLAUDE})` : '';
// vitest prints the titles of skipped tests only on request.
if (WHY !== '') process.stderr.write(`the plugin is not tried in the real Claude Code${WHY}\n`);

const ROOT = join(import.meta.dirname, '..', '..');
const PLUGIN = join(ROOT, 'plugin');

const REASON = 'not in \\ this "project"';

/** A user with the plugin and a guard that refuses every Bash call. */
class User {
  readonly #root = temporaryDirectory();
  readonly home = join(this.#root, 'home');
  readonly project = join(this.#root, 'project');
  readonly bin = join(this.#root, 'bin');

  constructor() {
    const command = './guard.sh';
    for (const directory of [this.project, this.bin]) mkdirSync(directory);
    makeClientHome(this.home, this.project);
    writeFileSync(join(this.#root, 'reason'), REASON);
    const guard = `#!/bin/sh\ncat >/dev/null\ncat ${join(this.#root, 'reason')} >&2\nexit 2\n`;
    writeFileSync(join(this.project, 'guard.sh'), guard, { mode: 0o755 });
    const hooks = { PreToolUse: [{ matcher: 'Bash', hooks: [{ type: 'command', command }] }] };
    const settings = { env: { HOOKBUS_ENABLED: '1', HOOKBUS_DAEMON: 'off' }, hooks };
    writeFileSync(join(this.home, '.claude', 'settings.json'), JSON.stringify(settings));
  }

  withHookbus(): this {
    symlinkSync(LAUNCHER, join(this.bin, 'hookbus'));
    return this;
  }

  withWrappedGuard(): this {
    this.withHookbus();
    const { status, stderr } = spawnSync(LAUNCHER, ['install', '--yes'], {
      cwd: this.project,
      env: { PATH: `${this.bin}:/usr/bin:/bin`, HOME: this.home, HOOKBUS_DAEMON: 'off' },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return this;
  }

  async asks(prompt: string, commands: readonly string[], signal: AbortSignal) {
    if (typeof CLAUDE === 'string') throw new Error(CLAUDE);
    const events = ['--output-format', 'stream-json', '--verbose', '--include-hook-events'];
    const session = await converse(
      CLAUDE,
      {
        ...{ home: this.home, project: this.project },
        args: ['--plugin-dir', PLUGIN, ...events],
        env: {
          PATH: `${this.bin}:/usr/local/bin:/usr/bin:/bin`,
          HOOKBUS_HOME: join(this.#root, 'state'),
        },
      },
      prompt,
      commands.map((command) => [{ name: 'Bash', input: { command } }]),
      signal,
    );
    const lines = session.stdout.split('\n').filter((line) => line !== '');
    const said = lines
      .map((line) => JSON.parse(line) as { subtype?: string; hook_name?: string; stdout?: string })
      .filter(
        ({ subtype, hook_name }) =>
          subtype === 'hook_response' && hook_name?.startsWith('SessionStart'),
      )
      .map(({ stdout }) => stdout ?? '');
    const [first] = session.requests;
    const texts = (first?.messages ?? []).flatMap(({ content }) =>
      typeof content === 'string' ? [content] : content.map(({ text }) => text ?? ''),
    );
    return { atStart: said.join(''), heard: texts.join('\n') };
  }
}

describe.skipIf(WHY !== '')(`the plugin in the real Claude Code${WHY}`, () => {
  it('is silent at the start of a session, and its commands show the status and the last refusal', async ({
    signal,
  }) => {
    const user = new User().withWrappedGuard();
    const first = await user.asks('go', ['touch a'], signal);
    const status = await user.asks('/hookbus:status', [], signal);
    const why = await user.asks('/hookbus:why', [], signal);
    const doctor = await user.asks('/hookbus:doctor', [], signal);
    expect(first.atStart).toBe('');
    expect(status.heard).toContain(`HookBus ${VERSION}`);
    expect(status.heard).toContain('Recording: on for Claude Code');
    expect(status.heard).toMatch(/refusals +1, all by guard on PreToolUse/);
    expect(why.heard).toContain(JSON.stringify(REASON));
    expect(why.heard).toMatch(/"hook_name": ?"guard"/);
    expect(doctor.heard).toMatch(/"checks": ?\[/);
  }, 300_000);

  it('says at the start of a session in one line what is wrong', async ({ signal }) => {
    const bare = await new User().withHookbus().asks('go', [], signal);
    const without = await new User().asks('go', [], signal);
    const messageOf = (stdout: string) =>
      (JSON.parse(stdout) as { systemMessage: string }).systemMessage;
    expect(messageOf(bare.atStart)).toBe(
      'HookBus: no hook of Claude Code is recorded: hookbus install. /hookbus:doctor says more.',
    );
    expect(messageOf(without.atStart)).toContain('the program hookbus is not on PATH');
  }, 300_000);

  it('passes the checks of the client, and so does the marketplace', () => {
    if (typeof CLAUDE === 'string') throw new Error(CLAUDE);
    const [command = '', ...words] = CLAUDE.isolation;
    const home = temporaryDirectory();
    for (const path of [ROOT, PLUGIN]) {
      const args = [...words, CLAUDE.client, 'plugin', 'validate', path];
      const { stdout, status } = spawnSync(command, args, {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home, CLAUDE_CODE_TMPDIR: home },
      });
      expect(stdout).toContain('Validation passed');
      expect(status).toBe(0);
    }
  });
});

it('has the version of HookBus', () => {
  const manifest = readFileSync(join(PLUGIN, '.claude-plugin', 'plugin.json'), 'utf8');
  expect((JSON.parse(manifest) as { version: string }).version).toBe(VERSION);
});
