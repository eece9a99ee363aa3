import { setTimeout as wait } from 'node:timers/promises';
import type { CleanupReport } from '../../../app/retention/clean-up.ts';
import { readConfigPolicy } from '../../../config/policy/config-policy.ts';
import { forbiddenText } from '../../../config/policy/value-sources.ts';
import { retentionDays } from '../../../config/retention.ts';
import { HookbusError } from '../../../domain/errors.ts';
import { DAY_MS } from '../../../domain/time.ts';
import { formatBytes, formatMoment, formatThings } from '../../../format.ts';
import { askYesOrNo } from '../../terminal/confirm.ts';
import { withStore } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { readMoment } from '../../words/time.ts';
import { invalidValue, quote, usageError } from '../../words/values.ts';

/** Without the number of hours: who types 7 may mean days, and nothing brings back what is deleted. */
const AGE_FORMS =
  'a time such as 7d, 24h, 90m, 30s or 2w, a date (2026-11-22), or a date and time (2026-11-22T14:30)';

export const cleanupCommand: Command = {
  name: 'cleanup',
  summary: 'Delete executions past retention, and free the space',
  isHidden: true,
  usage: '[options]',
  about: [
    'Deletes executions that started before the retention period, with their payloads. Also deletes notices, unreadable spool records, corrupt databases and backups of settings files of that age, and expired dedupe keys. If a settings file is still wrapped, its first and last backups stay. Then returns the freed space to the file system.',
    'It works in short steps, so that no hook waits for it. You can stop it at any time. With --older-than on a terminal it says first what it will delete, and asks.',
  ],
  options: {
    'older-than': {
      value: 'TIME',
      describe: `delete everything older than this: ${AGE_FORMS}; 0d deletes every execution`,
      default: 'HOOKBUS_RETENTION_DAYS, or retention_days of config.json',
    },
    yes: { describe: 'do not ask' },
    'dry-run': { describe: 'show what would be deleted, and delete nothing' },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus cleanup --dry-run', 'what the retention would delete'],
    ['hookbus cleanup --older-than 12h', 'keep the last twelve hours'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const beforeMs = readBefore(given.value('older-than'), context);
  const [{ cleanUp }, { requirePaths }] = await Promise.all([
    import('../../../app/retention/clean-up.ts'),
    import('../../../app/store/open-store.ts'),
  ]);
  const paths = requirePaths(context.settings);
  const { now, env } = context;
  const clean = (isDryRun: boolean): Promise<CleanupReport> =>
    withStore(context, (store) =>
      cleanUp({ store, paths, beforeMs, isDryRun, now, env, pause: wait }),
    );
  if (isAsked(given, context)) {
    const planned = await clean(true);
    const question = `${cleanupLines(planned, now()).join('\n')}\nDelete it? [y/N] `;
    if (deletedBy(planned).length > 0 && !(await askYesOrNo(context, question, false)))
      return { json: null, lines: () => ['Nothing was deleted.'] };
  }
  const report = await clean(given.isOn('dry-run'));
  return { json: report, lines: () => cleanupLines(report, now()) };
}

/** What the retention deletes, the daemon deletes unasked. */
const isAsked = (given: Given, { ask }: Context): boolean =>
  ask !== undefined &&
  given.value('older-than') !== undefined &&
  !['yes', 'dry-run', 'json'].some((option) => given.isOn(option));

function readBefore(olderThan: string | undefined, { settings, now }: Context): number {
  const kept = (): number => now() - retentionDays(settings, refuseConfig) * DAY_MS;
  const by = readConfigPolicy().locked.get('retention_days');
  if (olderThan !== undefined) {
    const beforeMs = readAge(olderThan, now());
    if (by === undefined || beforeMs <= kept()) return beforeMs;
    throw new HookbusError('E_POLICY', forbiddenText('retention_days', by));
  }
  if (by !== undefined) return kept();
  // Other commands use the default instead; here that could delete what the user meant to keep.
  const problem = settings.problems.find((text) => text.startsWith('HOOKBUS_RETENTION_DAYS:'));
  if (problem !== undefined) {
    throw new HookbusError('E_SETTING', problem.replace(/;.*$/, ''), 'Try: hookbus cleanup --help');
  }
  return kept();
}

function readAge(text: string, nowMs: number): number {
  if (/^[\d.\s]+$/.test(text)) {
    const number = text.trim();
    throw usageError(
      `--older-than ${quote(text)} has no unit: ${number}d is days, ${number}h is hours`,
    );
  }
  const ms = readMoment('--older-than', text, nowMs, AGE_FORMS);
  if (ms <= nowMs) return ms;
  throw invalidValue('--older-than', 'now or earlier', text);
}

function refuseConfig(problem: string): never {
  throw new HookbusError('E_SETTING', `config.json: ${problem}`, 'Try: hookbus cleanup --help');
}

function deletedBy(report: CleanupReport): string[] {
  const kinds = [
    [report.executions, 'execution'],
    [report.payloads, 'payload'],
    [report.dedupe_keys, 'dedupe key'],
    [report.notices, 'notice'],
    [report.unreadable_records, 'unreadable spool record'],
    [report.settings_backups, 'settings backup'],
    [report.corrupt_databases, 'corrupt database'],
  ] as const;
  return kinds.filter(([count]) => count > 0).map(([count, kind]) => formatThings(count, kind));
}

function cleanupLines(report: CleanupReport, nowMs: number): string[] {
  const before = formatMoment(new Date(report.before), nowMs);
  const gone = deletedBy(report);
  const size = `the database takes ${formatBytes(report.bytes_after)}`;
  if (gone.length === 0) return [`Nothing is older than ${before}; ${size}.`];
  if (report.dry_run) {
    return [`Would delete what is older than ${before}:`, ...listed(gone), `Now ${size}.`];
  }
  return [
    `Deleted what is older than ${before}:`,
    ...listed(gone),
    `Gave back ${formatBytes(report.bytes_freed)}; ${size}.`,
  ];
}

const listed = (items: readonly string[]): string[] => items.map((item) => `  ${item}`);
