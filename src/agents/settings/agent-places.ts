import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that move an agent's own directory. */
const AGENT_HOMES = {
  claude: 'CLAUDE_CONFIG_DIR',
  codex: 'CODEX_HOME',
  copilot: 'COPILOT_HOME',
  cline: 'CLINE_DIR',
} as const;

/** Where the agents of this shell look for settings. */
export function readPlaces(env: Environment, directory: string) {
  const homes = Object.entries(AGENT_HOMES)
    .map(([agent, name]) => [agent, env[name]] as const)
    .filter(([, path]) => path !== undefined && isAbsolute(path));
  return {
    home: env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] || undefined,
    cwd: directory,
    projectRoot: workTreeOf(directory) ?? directory,
    agentHome: Object.fromEntries(homes) as Readonly<Record<string, string>>,
  };
}

/** The top of the git work tree around a directory; undefined if there is none. */
export function workTreeOf(directory: string): string | undefined {
  for (let path = directory; ; path = dirname(path)) {
    if (existsSync(join(path, '.git'))) return path;
    if (dirname(path) === path) return undefined;
  }
}

/** The `hookbus` on PATH: the first that can run, which lines of shared files find too; if none can, the first. */
export function findOnPath(env: Environment): string | undefined {
  const directories = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter(Boolean);
  const found = directories.map((path) => join(path, 'hookbus')).filter((path) => existsSync(path));
  return found.find(isProgram) ?? found[0];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    const stat = statSync(path);
    return stat.isFile() && stat.size > 0;
  } catch {
    return false;
  }
}
