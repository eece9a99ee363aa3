import { shellWord } from '../../domain/hook/shell-line.ts';
import type { StatusReport } from '../reading/read-status.ts';
import { type Check, type Finding, problem } from './finding.ts';

/** Looks at what is to keep hooks from running, or to keep that from happening, and does not. */
export function checkSwitches(report: StatusReport): Check {
  const { old_gates, breaker, policy, switched_off_elsewhere } = report;
  const findings = [
    ...old_gates.map(oldGate),
    ...breaker.unused.map(unusedBreaker),
    ...switched_off_elsewhere.map(elsewhere),
    ...(policy.problem === null ? [] : [policyProblem(policy.state, policy.problem)]),
  ];
  const { length } = policy.protected_hooks;
  const names = policy.protected_hooks.includes('*')
    ? 'every hook'
    : `${length}, and all without --name`;
  return {
    name: 'switches',
    summary: `protected by root: ${length === 0 ? 'none' : names}`,
    findings,
  };
}

const elsewhere = ({
  hook_name,
  state_directory,
  until,
}: StatusReport['switched_off_elsewhere'][number]): Finding =>
  problem(
    `${hook_name} is off until ${until} in another state directory, ${state_directory}`,
    'Runs that HOOKBUS_HOME sends there skip it, and nothing here tells of them.',
    `Look there: HOOKBUS_HOME=${shellWord(state_directory)} hookbus status. Take HOOKBUS_HOME out of the env block that has it.`,
  );

const oldGate = (hookName: string): Finding =>
  problem(
    `${hookName} was switched off by an older version`,
    'That counts no more: the hook runs.',
    'Type `hookbus on` with its name to clear this, or `hookbus off` to switch it off for a time.',
  );

const unusedBreaker = (entry: string): Finding =>
  problem(
    `breaker.hooks in config.json has ${JSON.stringify(entry)} without a command`,
    'It counts for no hook: several may have that name.',
    `Write ${JSON.stringify(`${entry}: COMMAND LINE`)}, as \`hookbus show\` has the command.`,
  );

const policyProblem = (state: StatusReport['policy']['state'], text: string): Finding =>
  state === 'broken'
    ? problem(
        text,
        'Nobody knows which hooks it is about, so every hook is protected: no gate, breaker, key or --fail-open counts.',
        'As root, write {"protected_hooks": ["NAME"]} and nothing else.',
      )
    : problem(
        text,
        'Whoever is not root may have written it, so it protects no hook.',
        'As root: chown root and chmod go-w the file and its directory.',
      );
