import { join } from 'node:path';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import type { Environment } from '../../config/settings.ts';

/** What a hook gets from the shell of the person, and no more: the rest may be secrets, and differs in CI. */
const KEPT = /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR)$/;

export interface CasePlace {
  /** The top of the checkout. */
  readonly projectDir: string;
  /** Where the hook starts. */
  readonly cwd: string;
  /** A directory of the case alone. */
  readonly scratch: string;
  readonly sessionId: string;
}

/**
 * The environment of a hook: a short list of the shell's variables, those of the agent, those of its settings, and those of
 * the case.
 */
export function caseEnvironment(
  agent: AgentName,
  event: string,
  place: CasePlace,
  given: { readonly shell: Environment; readonly more: readonly Environment[] },
): Environment {
  const kept = Object.entries(given.shell).filter(([name]) => KEPT.test(name));
  const own = AGENTS[agent](event, place);
  return Object.assign({}, Object.fromEntries(kept), own, ...given.more) as Environment;
}

/** Events on which Claude Code lets a hook set variables for the commands that follow. */
const SETS_VARIABLES = ['SessionStart', 'Setup', 'CwdChanged', 'FileChanged'];

const AGENTS: Readonly<Record<AgentName, (event: string, place: CasePlace) => Environment>> = {
  claude: (event, { projectDir, scratch, sessionId }) => ({
    CLAUDECODE: '1',
    CLAUDE_CODE_CHILD_SESSION: '1',
    CLAUDE_CODE_ENTRYPOINT: 'cli',
    CLAUDE_CODE_SESSION_ID: sessionId,
    CLAUDE_PROJECT_DIR: projectDir,
    ...(SETS_VARIABLES.includes(event) ? { CLAUDE_ENV_FILE: join(scratch, 'env') } : {}),
  }),
  codex: () => ({}),
  gemini: (_event, { projectDir, cwd, scratch, sessionId }) => ({
    GEMINI_PROJECT_DIR: projectDir,
    GEMINI_CWD: cwd,
    GEMINI_PLANS_DIR: join(scratch, 'plans'),
    GEMINI_SESSION_ID: sessionId,
    CLAUDE_PROJECT_DIR: projectDir,
  }),
  cursor: (_event, { projectDir }) => ({ CURSOR_PROJECT_DIR: projectDir }),
  copilot: (_event, { projectDir }) => ({
    COPILOT_CLI: '1',
    COPILOT_PROJECT_DIR: projectDir,
    CLAUDE_PROJECT_DIR: projectDir,
  }),
  qwen: (_event, { projectDir }) => ({
    QWEN_PROJECT_DIR: projectDir,
    GEMINI_PROJECT_DIR: projectDir,
    CLAUDE_PROJECT_DIR: projectDir,
  }),
  droid: (_event, { projectDir }) => ({
    DROID_PROJECT_DIR: projectDir,
    FACTORY_PROJECT_DIR: projectDir,
    CLAUDE_PROJECT_DIR: projectDir,
  }),
  auggie: (event, { projectDir, sessionId }) => ({
    AUGMENT_PROJECT_DIR: projectDir,
    AUGMENT_CONVERSATION_ID: sessionId,
    AUGMENT_HOOK_EVENT: event,
  }),
  cline: () => ({}),
};
