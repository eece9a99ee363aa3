import { socketPath } from '../../../config/home/paths.ts';
import { alertsLines } from '../../output/state/alerts.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';

export const alertsCommand: Command = {
  name: 'alerts',
  summary: 'Show open alerts',
  isPaged: true,
  usage: '[options]',
  about: [
    'The daemon opens an alert when a hook or hookbus itself fails too often or becomes slow, when a guard is skipped, exits 1 or times out, when a breaker opens, when the spool grows, and when an exporter keeps failing. It clears the alert once the problem is over.',
    'config.json has the thresholds and the actions: a command, a webhook, a desktop notification. `hookbus config` shows them; docs/alerts.md describes them.',
  ],
  options: { history: { describe: 'also show cleared alerts, as far back as the retention' } },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus alerts', 'what is wrong now'],
    ['hookbus alerts --history', 'what was wrong before'],
    ["hookbus alerts --json | jq '.open | length'", 'for programs'],
    ['hookbus config set alerts.desktop true', 'show alerts on the desktop'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const [{ requirePaths }, { readAlertHistory, readAlerts }, { askDaemon }] = await Promise.all([
    import('../../../app/store/open-store.ts'),
    import('../../../app/alerts/read-alerts.ts'),
    import('../../../daemon/client/client.ts'),
  ]);
  const paths = requirePaths(context.settings);
  const daemon = await askDaemon(socketPath(paths.home));
  const isOfAll = given.isOn('history');
  const read = (db: Parameters<typeof readAlerts>[1]) => ({
    ...readAlerts(paths, db, context.now()),
    history: !isOfAll
      ? null
      : db === undefined
        ? []
        : readAlertHistory(paths, db, '', context.now()),
  });
  const known = (await withDatabase(context, read)) ?? read(undefined);
  const report = { watching: daemon !== undefined, ...known };
  return { json: report, lines: (page) => alertsLines(report, page) };
}
