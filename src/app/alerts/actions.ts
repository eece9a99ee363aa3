import type { AlertAction } from '../../domain/alert.ts';
import type { AlertsConfig } from './rule.ts';

/** The actions that config.json enables. */
export function actionsOf(config: AlertsConfig): AlertAction[] {
  return [
    ...(config.command === '' ? [] : (['command'] as const)),
    ...(config.webhook === '' ? [] : (['webhook'] as const)),
    ...(config.desktop ? (['desktop'] as const) : []),
  ];
}
