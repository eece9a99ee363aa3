import { hostname } from 'node:os';
import { actionsOf } from '../../app/alerts/actions.ts';
import type { AlertReport } from '../../app/alerts/alert-report.ts';
import type { AlertsConfig } from '../../app/alerts/rule.ts';
import type { AlertAction } from '../../domain/alert.ts';
import { reasonOf } from '../../domain/errors.ts';
import { VERSION } from '../../domain/version.ts';
import type { Network } from '../../network/network.ts';
import type { Log } from '../log.ts';
import { runProgram } from './command.ts';
import { showOnDesktop } from './desktop.ts';
import { postWebhook } from './webhook.ts';

/** So much is done at a time of each kind of action, so that one that is slow holds up no other; the rest waits. */
const MAX_AT_ONCE = 3;

interface NotifierParts {
  readonly log: Log;
  readonly network: () => Network;
}

interface Errand {
  readonly alert: AlertReport;
  readonly action: AlertAction;
  readonly config: AlertsConfig;
}

/**
 * Tells of alerts, a few at a time.
 * @param onSettled told when an action was done, or given up
 */
export function createNotifier(
  { log, network }: NotifierParts,
  onDone: (alert: AlertReport, action: AlertAction) => void,
) {
  let waiting: readonly Errand[] = [];
  const known = new Map<string, 'doing' | 'done'>();
  const abort = new AbortController();
  const running = new Set<Errand>();

  async function perform(errand: Errand): Promise<void> {
    const { alert, action } = errand;
    const about = { action, rule: alert.rule, subject: alert.subject, state: alert.state };
    try {
      await act(errand, abort.signal, network);
      log('alert_told', about);
    } catch (error) {
      // What was broken off is still owed, and the next daemon does it.
      if (abort.signal.aborted) return;
      log('alert_action_failed', { ...about, reason: reasonOf(error) });
    }
    known.set(nameOf(errand), 'done');
    onDone(alert, action);
  }

  function mayStart(errand: Errand): boolean {
    const alike = [...running].filter(({ action }) => action === errand.action);
    // That an alert has cleared is told after that it opened.
    const isInFlight = alike.some(({ alert }) => alert.alert_id === errand.alert.alert_id);
    return alike.length < MAX_AT_ONCE && !isInFlight;
  }

  function next(): void {
    if (abort.signal.aborted) return;
    const errand = waiting.find(mayStart);
    if (errand === undefined) return;
    waiting = waiting.filter((other) => other !== errand);
    running.add(errand);
    void perform(errand).finally(() => {
      running.delete(errand);
      next();
    });
    next();
  }

  return {
    /** Does what is owed, once; that it was done is said again where it is still owed. */
    tell(alert: AlertReport, owed: readonly AlertAction[], config: AlertsConfig): void {
      const wanted = actionsOf(config);
      for (const action of owed) {
        const errand = { alert, action, config };
        const how = known.get(nameOf(errand));
        if (how === 'doing') continue;
        if (how === undefined && wanted.includes(action)) {
          known.set(nameOf(errand), 'doing');
          waiting = [...waiting, errand];
        } else onDone(alert, action);
      }
      next();
    },
    stop: (): void => abort.abort(),
  };
}

const nameOf = ({ alert, action }: Errand): string => `${alert.alert_id} ${alert.state} ${action}`;

async function act(
  { alert, action, config }: Errand,
  signal: AbortSignal,
  network: () => Network,
): Promise<void> {
  const json = JSON.stringify({ hookbus: VERSION, host: hostname(), ...alert });
  switch (action) {
    case 'command':
      return runProgram(['/bin/sh', '-c', config.command], `${json}\n`, signal);
    case 'webhook':
      return postWebhook(config.webhook, json, { signal, network });
    case 'desktop': {
      const title = alert.state === 'open' ? 'HookBus alert' : 'HookBus: alert cleared';
      return showOnDesktop(title, alert.text, signal);
    }
  }
}
