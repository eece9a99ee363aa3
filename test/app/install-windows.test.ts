import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AgentName, Scope } from '../../src/agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../src/agents/settings/settings-files.ts';
import { changeSettings, type InstallRequest } from '../../src/app/install/install.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const PROGRAM = ['C:\\nodejs\\node.exe', 'C:\\hookbus\\bin\\hookbus.js'];
const LINE = 'python3 guard.py';

interface File {
  readonly scope?: Scope;
  readonly more?: object;
}

/** Files in which a hook stands, and what `install` on Windows does with it in each. */
function install(files: readonly File[], more: Partial<InstallRequest> = {}) {
  const directory = temporaryDirectory();
  const written = files.map(({ scope = 'user', more: fields }, at) => {
    const path = join(directory, `${at}.json`);
    const hook = { type: 'command', command: LINE, ...fields };
    writeFileSync(path, JSON.stringify({ hooks: { PreToolUse: [{ hooks: [hook] }] } }));
    return { path, scope };
  });
  const change = (work: InstallRequest['work']) =>
    changeSettings({
      work,
      agent: AGENT_SETTINGS.claude,
      files: written,
      otherFiles: [],
      program: PROGRAM,
      windows: { hasGitBash: true },
      isChosen: () => true,
      sets: () => ({}),
      isDryRun: false,
      paths: statePaths(join(directory, 'state')),
      env: {},
      now: Date.now,
      ...more,
    });
  const texts = () => written.map(({ path }) => readFileSync(path, 'utf8'));
  const before = texts();
  const hooks = change('install').flatMap((report) => report.hooks);
  change('uninstall');
  expect(texts()).toEqual(before);
  return hooks.map(({ action, reason, becomes }) => (action === 'left' ? reason : becomes));
}

it('wraps a line for Git Bash in the own file', () => {
  const [line] = install([{}]);
  expect(line).toMatch(/^set -- C:\/nodejs\/node\.exe C:\/hookbus\/bin\/hookbus\.js run --name /);
  expect(line).toContain(`exec "$@" "$BASH" -c \\ '${LINE}'`);
  expect(install([{ more: { shell: 'bash' } }, { scope: 'local' }])).toEqual([line, line]);
});

it.each<[string, readonly File[], Partial<InstallRequest>, RegExp]>([
  ['without Git Bash', [{}], { windows: { hasGitBash: false } }, /without Git Bash/],
  ['for PowerShell', [{ more: { shell: 'powershell' } }], {}, /for PowerShell/],
  ['of a program', [{ more: { args: ['x'] } }], {}, /without a shell/],
  ['in a shared file', [{ scope: 'project' }], {}, /is shared/],
  ['that is also in a shared file', [{}, { scope: 'project' }], {}, /has it too|is shared/],
  ['with two backslashes', [{ more: { command: 'grep \\\\\\\\x' } }], {}, /two backslashes/],
  ['by a HookBus without a drive', [{}], { program: ['\\\\server\\node.exe', 'x'] }, /no drive/],
])('leaves a hook alone %s', (_what, files, more, reason) => {
  for (const said of install(files, more)) expect(said).toMatch(reason);
});

it.each(
  (['codex', 'gemini', 'cursor', 'copilot', 'qwen', 'droid', 'auggie'] as const).map((agent) => [
    agent as AgentName,
  ]),
)('leaves hooks of %s alone', (agent) => {
  expect(install([{}], { agent: AGENT_SETTINGS[agent] })[0]).toMatch(/on Windows, hooks of/);
});
