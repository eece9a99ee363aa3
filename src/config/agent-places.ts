import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cwd } from 'node:process';

type Environment = Readonly<Record<string, string | undefined>>;

/** Directories that agents take their settings from when these variables say so. */
const AGENT_HOMES = {
  claude: 'CLAUDE_CONFIG_DIR',
  codex: 'CODEX_HOME',
  copilot: 'COPILOT_HOME',
} as const;

/** Where the agents of this shell look for settings. */
export function readPlaces(env: Environment = process.env) {
  const directory = cwd();
  const homes = Object.entries(AGENT_HOMES)
    .map(([agent, name]) => [agent, env[name]] as const)
    .filter(([, path]) => path?.startsWith('/'));
  return {
    home: env['HOME'] || undefined,
    cwd: directory,
    projectRoot: workTreeOf(directory) ?? directory,
    agentHome: Object.fromEntries(homes) as Readonly<Record<string, string>>,
  };
}

/** The top of the git work tree that a directory is in; undefined where there is none. */
export function workTreeOf(directory: string): string | undefined {
  for (let path = directory; ; path = dirname(path)) {
    if (existsSync(join(path, '.git'))) return path;
    if (dirname(path) === path) return undefined;
  }
}

/** Whether the login shell reads what is written for sh. */
export function isLoginShellLikeSh(env: Environment = process.env): boolean {
  const shell = env['SHELL'] ?? '';
  return shell === '' || /\/(?:sh|bash|dash|ash|zsh|ksh|mksh|yash)$/.test(shell);
}

/** What the shell finds by the name `hookbus`. */
export function findOnPath(env: Environment = process.env): string | undefined {
  const directories = (env['PATH'] ?? '').split(':').filter(Boolean);
  return directories.map((path) => join(path, 'hookbus')).find((path) => existsSync(path));
}
