import { readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { isInForce } from '../../gates/gate-file.ts';
import { listGates } from '../../gates/gate-writer.ts';

/**
 * What is in a state directory that does something by itself once the directory counts, a line each: hooks that are kept
 * from running, what the daemon runs, and where it sends things.
 */
export function actingContent(paths: StatePaths, nowMs: number): string[] {
  const gates = listGates(paths.gates)
    .filter((gate) => isInForce(gate, nowMs))
    .map(({ kind, hookName }) => `gates/ keeps a hook from running: ${hookName} (${kind})`);
  return [...gates, ...ofConfig(paths.config)];
}

function ofConfig(path: string): string[] {
  const reading = readConfigFile(path);
  if (reading.state === 'absent') return [];
  if (reading.state === 'refused') return [`config.json cannot be used: ${reading.problem}`];
  const { alerts, breaker, dedupe, prometheus, statsd, opentelemetry } = reading.config;
  const exporters = { prometheus, statsd, opentelemetry };
  const sent = Object.entries(exporters).filter(([, { enabled }]) => enabled);
  return [
    ...(alerts.command === '' ? [] : [`config.json runs on alerts: ${alerts.command}`]),
    ...(alerts.webhook === '' ? [] : ['config.json sends alerts to a webhook']),
    ...(breaker.enabled || breaker.hooks.length > 0
      ? ['config.json lets breakers keep hooks that fail from running']
      : []),
    ...(dedupe.url === '' ? [] : ['config.json shares dedupe keys through a server']),
    ...sent.map(([name]) => `config.json exports to ${name}`),
  ];
}
