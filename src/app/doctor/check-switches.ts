import { type ForbiddenSetting, ignoredText } from '../../config/policy/value-sources.ts';
import { typedWord } from '../../domain/hook/shell-word.ts';
import type { StatusReport } from '../reading/read-status.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/**
 * Reports switches, breakers and root's policy that have no effect, and hooks that are off in another state directory.
 */
export function checkSwitches(report: StatusReport): Check {
  const { old_gates, breaker, policy, config_policy, switched_off_elsewhere } = report;
  const findings = [
    ...old_gates.map(oldGate),
    ...breaker.unused.map(unusedBreaker),
    ...switched_off_elsewhere.map(elsewhere),
    ...(policy.problem === null ? [] : [policyProblem(policy.state, policy.problem)]),
    ...config_policy.problems.map(configPolicyProblem),
    ...config_policy.forbidden.map(forbidden),
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
    'Runs with HOOKBUS_HOME set to that directory skip the hook, and nothing here shows it.',
    `Type HOOKBUS_HOME=${typedWord(state_directory)} hookbus status. Remove HOOKBUS_HOME from the env block that sets it.`,
  );

const oldGate = (hookName: string): Finding =>
  problem(
    `${hookName} was switched off by an older version`,
    'That switch no longer counts: the hook runs.',
    'Type `hookbus on` with its name to clear this, or `hookbus off` to switch it off again.',
  );

const unusedBreaker = (entry: string): Finding =>
  problem(
    `breaker.hooks in config.json has ${JSON.stringify(entry)} without a command`,
    'It applies to no hook, because several hooks may share that name.',
    `Write ${JSON.stringify(`${entry}: COMMAND LINE`)}; \`hookbus show\` prints the command.`,
  );

const policyProblem = (state: StatusReport['policy']['state'], text: string): Finding =>
  state === 'broken'
    ? problem(
        text,
        'HookBus cannot tell which hooks it names, so it protects every hook: no gate, breaker, key or --fail-open counts.',
        'As root, write {"protected_hooks": ["NAME"]} and nothing else.',
      )
    : problem(
        text,
        'Someone other than root may have written it, so it protects no hook.',
        'As root, run chown root and chmod go-w on the file and its directory.',
      );

const configPolicyProblem = (text: string): Finding =>
  problem(
    text,
    'What it should set for all users does not count.',
    'As root, correct it; a file that is ignored needs chown root and chmod go-w, as does its directory.',
  );

const forbidden = (one: ForbiddenSetting): Finding =>
  advice(
    ignoredText(`${one.key} in config.json`, one),
    'The value there counts for all users of this machine.',
    `Type hookbus config unset ${one.key}, or ask whoever administers the machine.`,
  );
