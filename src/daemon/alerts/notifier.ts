import { hostname } from 'node:os';
import { actionsOf } from '../../app/alerts/actions.ts';
import { type AlertReport, withoutQuotes } from '../../app/alerts/alert-report.ts';
import type { AlertsConfig } from '../../app/alerts/rule.ts';
import type { AlertAction } from '../../domain/alert.ts';
import { reasonOf } from '../../domain/errors.ts';
import { VERSION } from '../../domain/version.ts';
import type { Network } from '../../network/network.ts';
import type { Log } from '../log.ts';
import { runProgram } from './command.ts';
import { showOnDesktop } from './desktop.ts';
import { postWebhook } from './webhook.ts';

/** How many actions of one kind run at once. The kinds are independent, so a slow kind delays no other. */
const MAX_CONCURRENT = 3;

interface NotifierParts {
  readonly log: Log;
  readonly network: () => Network;
}

interface Delivery {
  readonly alert: AlertReport;
  readonly action: AlertAction;
  readonly config: AlertsConfig;
}

/**
 * Carries out the actions of alerts, a few at a time.
 * @param onDone called when an action was done or given up
 */
export function createNotifier(
  { log, network }: NotifierParts,
  onDone: (alert: AlertReport, action: AlertAction) => void,
) {
  let waiting: readonly Delivery[] = [];
  const known = new Map<string, 'pending' | 'done'>();
  const abort = new AbortController();
  const running = new Set<Delivery>();

  async function perform(delivery: Delivery): Promise<void> {
    const { alert, action } = delivery;
    const about = { action, rule: alert.rule, subject: alert.subject, state: alert.state };
    try {
      await act(delivery, abort.signal, network);
      log('alert_told', about);
    } catch (error) {
      // An interrupted action is still owed; the next daemon does it.
      if (abort.signal.aborted) return;
      log('alert_action_failed', { ...about, reason: reasonOf(error) });
    }
    known.set(nameOf(delivery), 'done');
    onDone(alert, action);
  }

  function mayStart(delivery: Delivery): boolean {
    const sameKind = [...running].filter(({ action }) => action === delivery.action);
    // "Cleared" is always sent after "opened".
    const isInFlight = sameKind.some(({ alert }) => alert.alert_id === delivery.alert.alert_id);
    return sameKind.length < MAX_CONCURRENT && !isInFlight;
  }

  function next(): void {
    if (abort.signal.aborted) return;
    const delivery = waiting.find(mayStart);
    if (delivery === undefined) return;
    waiting = waiting.filter((other) => other !== delivery);
    running.add(delivery);
    void perform(delivery).finally(() => {
      running.delete(delivery);
      next();
    });
    next();
  }

  return {
    /** Does each owed action once. Calls `onDone` again if the caller still lists a finished action as owed. */
    deliver(alert: AlertReport, owed: readonly AlertAction[], config: AlertsConfig): void {
      const wanted = actionsOf(config);
      for (const action of owed) {
        const delivery = { alert, action, config };
        const state = known.get(nameOf(delivery));
        if (state === 'pending') continue;
        if (state === undefined && wanted.includes(action)) {
          known.set(nameOf(delivery), 'pending');
          waiting = [...waiting, delivery];
        } else onDone(alert, action);
      }
      next();
    },
    stop: (): void => abort.abort(),
  };
}

const nameOf = ({ alert, action }: Delivery): string =>
  `${alert.alert_id} ${alert.state} ${action}`;

async function act(
  { alert, action, config }: Delivery,
  signal: AbortSignal,
  network: () => Network,
): Promise<void> {
  const jsonOf = (report: AlertReport): string =>
    JSON.stringify({ hookbus: VERSION, host: hostname(), ...report });
  switch (action) {
    case 'command':
      return runProgram(['/bin/sh', '-c', config.command], `${jsonOf(alert)}\n`, signal);
    case 'webhook':
      return postWebhook(config.webhook, jsonOf(withoutQuotes(alert, config)), { signal, network });
    case 'desktop': {
      const title = alert.state === 'open' ? 'HookBus alert' : 'HookBus: alert cleared';
      return showOnDesktop(title, alert.text, signal);
    }
  }
}
