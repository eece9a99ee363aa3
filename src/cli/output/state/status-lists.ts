/* The lists below the fields of `status`: skipped hooks, and warnings. */
import type { StatusReport } from '../../../app/reading/read-status.ts';
import { formatAge, formatBytes, formatCount } from '../../../format.ts';
import type { Page } from '../page.ts';
import { hanging, visible } from '../text.ts';
import {
  elsewhereTexts,
  gateTexts,
  idleTexts,
  protectedText,
  recommendationTexts,
} from './gates.ts';

/** Hooks that are skipped now, and those that a breaker would skip. */
export function gateLines(report: StatusReport, page: Page): string[] {
  const { gates, breaker, policy, switched_off_elsewhere } = report;
  const guarded = policy.protected_hooks.length === 0 ? [] : [protectedText(policy)];
  return [
    ...titled('Hooks that are skipped', gateTexts(gates, page.nowMs), page),
    ...titled(
      'Hooks that are off in other state directories (HOOKBUS_HOME)',
      elsewhereTexts(switched_off_elsewhere, page.nowMs),
      page,
    ),
    ...titled('Hooks that root protects (/etc/hookbus/policy.json)', guarded, page),
    ...titled(
      'Switches that have no effect, or not the effect that they state',
      idleTexts(report),
      page,
    ),
    ...titled(
      'Hooks that keep failing: a breaker would skip them for a while',
      recommendationTexts(breaker),
      page,
    ),
  ];
}

export function titled(title: string, texts: readonly string[], page: Page): string[] {
  return texts.length === 0 ? [] : ['', page.paint(title, 'warn'), ...items(texts, page)];
}

export function configProblemLines({ config }: StatusReport, page: Page): string[] {
  if (config.problem === null) return [];
  const text = `${config.path} cannot be used: ${config.problem}. The daemon keeps the previous configuration; otherwise the defaults apply`;
  return ['', page.paint('Error in the configuration', 'bad'), ...items([text], page)];
}

export function problemLines({ problems }: StatusReport, page: Page): string[] {
  if (problems.length === 0) return [];
  return [
    '',
    page.paint('Warnings about the settings of this shell', 'bad'),
    ...items(problems, page),
  ];
}

/** The title of each kind of notice. */
const NOTICE_TITLES = {
  mistake: 'Warnings about command lines and settings of hooks',
  database: 'Database problems',
  spool: 'Spool problems',
} as const;

export function noticeLines({ notices }: StatusReport, page: Page): string[] {
  const kinds = [...new Set(notices.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const texts = notices
      .filter((notice) => notice.kind === kind)
      .map(({ text, count, last_seen }) => {
        const last = formatAge(new Date(last_seen), page.nowMs);
        return `${text} (${count === 1 ? last : `${formatCount(count)} times, last ${last}`})`;
      });
    return ['', page.paint(NOTICE_TITLES[kind], 'warn'), ...items(texts, page)];
  });
}

export function quarantineLines({ set_aside_databases }: StatusReport, page: Page): string[] {
  if (set_aside_databases.length === 0) return [];
  const files = set_aside_databases.map(({ path, bytes }) => `${path} (${formatBytes(bytes)})`);
  return [
    '',
    page.paint('Corrupt databases in quarantine; delete them when you no longer need them', 'warn'),
    ...items(files, page),
  ];
}

/** How many items of a list are shown; --json has them all. */
const MAX_ITEMS = 10;

function items(texts: readonly string[], page: Page): string[] {
  const shown = texts.slice(0, MAX_ITEMS).flatMap((text) => hanging('- ', visible(text), page));
  const rest = texts.length - MAX_ITEMS;
  return rest > 0 ? [...shown, `  … and ${formatCount(rest)} more; --json has them all`] : shown;
}
