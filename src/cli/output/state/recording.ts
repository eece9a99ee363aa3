import type { AgentRecording } from '../../../app/health/read-recording.ts';
import type { StatusReport } from '../../../app/reading/read-status.ts';
import { formatCount, formatThings } from '../../../format.ts';
import type { Page } from '../page.ts';
import { hanging, visible } from '../text.ts';

interface Facts extends Pick<StatusReport, 'version' | 'enabled' | 'state_directory_problem'> {
  readonly recording: readonly AgentRecording[];
}

/** Whether hooks are recorded, and what to type if not. */
export function recordingLines(report: Facts, home: string | undefined, page: Page): string[] {
  const { version, enabled, state_directory_problem } = report;
  const name = `${page.paint(`HookBus ${version}`, 'strong')}`;
  if (state_directory_problem !== null) {
    return [
      `${name}: ${page.paint('records nothing', 'bad')}`,
      ...hanging('  ', visible(state_directory_problem), page, 'bad'),
    ];
  }
  const agents = report.recording.filter(({ hooks }) => hooks > 0);
  const isOn = enabled || agents.some((agent) => agent.enabled);
  const word = isOn ? page.paint('on', 'good') : page.paint('off', 'warn');
  return [
    `${name}`,
    ...agents.flatMap((agent) =>
      hanging('Recording: ', visible(agentText(agent, enabled, home)), page),
    ),
    ...(agents.length === 0
      ? [
          `Recording: ${word}${enabled ? ' in this shell' : ''}. No agent has hooks in its settings here.`,
        ]
      : []),
    ...hanging('', nextText(agents, enabled), page, 'warn').filter((line) => line !== ''),
  ];
}

/** `on for Claude Code (~/.claude/settings.json), 7 of 7 hooks recorded; this shell: off`. */
function agentText(
  { title, enabled, decided_by, hooks, recorded, unrecordable }: AgentRecording,
  isOnHere: boolean,
  home: string | undefined,
): string {
  const by = decided_by === null ? '' : ` (${shortPath(decided_by, home)})`;
  const shell = `this shell: ${isOnHere ? 'on' : 'off'}`;
  const others = Object.entries(unrecordable).map(
    ([type, count]) => `${formatThings(count, `${type} hook`)} cannot be recorded`,
  );
  const wrapped = `${formatCount(recorded)} of ${formatThings(hooks, 'hook')}`;
  const state = enabled
    ? `on for ${title}${by}, ${wrapped} recorded`
    : `off for ${title}${by}, ${wrapped} wrapped`;
  return [state, ...others, shell].join('; ');
}

/** The command that gets hooks recorded; empty if they are. */
function nextText(agents: readonly AgentRecording[], isOnHere: boolean): string {
  if (agents.length === 0) {
    return isOnHere ? '' : 'Once there are some, type: hookbus install --enable';
  }
  const bare = agents.find(({ hooks, recorded }) => recorded < hooks);
  const off = agents.find(({ enabled }) => !enabled);
  const which = (agent: AgentRecording): string =>
    agent.agent === 'claude' ? '' : ` --agent ${agent.agent}`;
  if (bare !== undefined) {
    const enable = bare.enabled ? '' : ' --enable';
    const isShared = bare.enabled && bare.hooks - bare.recorded === bare.unrecorded_shared;
    const scope = isShared ? ' --scope project' : '';
    return `To record ${bare.recorded === 0 ? 'them' : 'the others'}${isShared ? ', for everybody in the project' : ''}: hookbus install${scope}${enable}${which(bare)}`;
  }
  return off === undefined ? '' : `To switch it on: hookbus enable${which(off)}`;
}

/** A path below the user's home directory as people write it. */
export function shortPath(path: string, home: string | undefined): string {
  if (home === undefined || home === '' || home === '/') return path;
  if (path === home) return '~';
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
