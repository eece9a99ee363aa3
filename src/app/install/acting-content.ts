import { readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { NO_POLICY } from '../../config/policy/config-policy.ts';
import { isInForce } from '../../gates/gate-file.ts';
import { listGates } from '../../gates/gate-writer.ts';

/**
 * What in a state directory takes effect as soon as HookBus uses the directory, one line each: hooks that are skipped,
 * commands that the daemon runs, and where it sends data.
 */
export function actingContent(paths: StatePaths, nowMs: number): string[] {
  const gates = listGates(paths.gates)
    .filter((gate) => isInForce(gate, nowMs))
    .map(({ kind, hookName }) => `gates/ keeps a hook from running: ${hookName} (${kind})`);
  return [...gates, ...ofConfig(paths.config)];
}

function ofConfig(path: string): string[] {
  // What root sets is in force whatever this directory has.
  const reading = readConfigFile(path, NO_POLICY);
  if (reading.state === 'absent') return [];
  if (reading.state === 'refused') return [`config.json cannot be used: ${reading.problem}`];
  const { alerts, breaker, dedupe, prometheus, statsd, opentelemetry } = reading.config;
  const exporters = { prometheus, statsd, opentelemetry };
  const sent = Object.entries(exporters).filter(([, { enabled }]) => enabled);
  return [
    ...(alerts.command === '' ? [] : [`config.json runs on alerts: ${alerts.command}`]),
    ...(alerts.webhook === '' ? [] : ['config.json sends alerts to a webhook']),
    ...(breaker.enabled || breaker.hooks.length > 0
      ? ['config.json lets breakers skip hooks that fail']
      : []),
    ...(dedupe.url === '' ? [] : ['config.json shares dedupe keys through a server']),
    ...sent.map(([name]) => `config.json exports to ${name}`),
  ];
}
