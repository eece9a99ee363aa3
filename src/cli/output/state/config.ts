import type { Config, ConfigReading } from '../../../config/file/config-file.ts';
import {
  type ForbiddenSetting,
  ignoredText,
  type ValueSource,
  valueIn,
} from '../../../config/policy/value-sources.ts';
import { formatThings } from '../../../format.ts';
import type { Page } from '../page.ts';
import { columnsOf, pad, visible, wrap } from '../text.ts';

export interface ConfigReport {
  readonly path: string;
  readonly state: ConfigReading['state'];
  readonly problem: string | null;
  /** The keys that the file sets. */
  readonly given: readonly string[];
  readonly config: Config;
  /** Of every key, where its value comes from. */
  readonly sources: readonly ValueSource[];
  /** The files of root's that count, and what in them does not. */
  readonly policy_files: readonly string[];
  readonly policy_problems: readonly string[];
  /** What this user sets although root forbids it. */
  readonly forbidden: readonly ForbiddenSetting[];
  readonly forbidden_variables: readonly string[];
}

/** What the files set, one line for each key. @param shows also the defaults, and where each value comes from */
export function configLines(
  report: ConfigReport,
  page: Page,
  shows: { readonly all: boolean; readonly sources: boolean },
): string[] {
  const isWhole = shows.all || shows.sources;
  const keys = report.sources.filter(({ source }) => isWhole || source !== 'default');
  const rest = report.sources.length - keys.length;
  const width = keys.reduce((max, { key }) => Math.max(max, columnsOf(key)), 0);
  return [
    ...wrap(visible(headline(report)), page.columns).map((line) =>
      page.paint(line, report.state === 'refused' ? 'bad' : undefined),
    ),
    ...keys.flatMap((one) => {
      const value = visible(JSON.stringify(valueIn(report.config, one.key)));
      const origin = originText(one, shows.sources);
      const line = `  ${pad(one.key, width)}  ${value}`;
      return [origin === '' ? line : `${line}${page.paint(`  (${visible(origin)})`, 'dim')}`];
    }),
    ...(rest === 0 ? [] : [page.paint(restText(rest), 'dim')]),
    ...remarksOn(report).flatMap((text) =>
      wrap(visible(text), page.columns).map((line) => page.paint(line, 'warn')),
    ),
  ];
}

/** What of root's files does not count, and what of the user's. */
const remarksOn = ({ policy_problems, forbidden, forbidden_variables }: ConfigReport): string[] => [
  ...policy_problems,
  ...forbidden.map((one) => ignoredText(`${one.key} in config.json`, one)),
  ...forbidden_variables,
];

/** What stands behind a value: nothing behind one of the user's own, unless all is asked for. */
function originText({ source, from, locked_by }: ValueSource, isAsked: boolean): string {
  if (locked_by !== null) {
    const other = source === 'policy' && from === locked_by ? '' : ` by ${locked_by}`;
    return source === 'policy' ? `${from}, locked${other}` : `default, locked${other}`;
  }
  if (source === 'default') return 'default';
  return source === 'config' && !isAsked ? '' : `${from}`;
}

const restText = (rest: number): string =>
  `${formatThings(rest, 'key has its default', 'keys have their defaults')}; to see all: hookbus config --all`;

function headline({ path, state, problem, policy_files }: ConfigReport): string {
  if (state === 'absent' && policy_files.length === 0)
    return `${path} does not exist: HookBus uses the defaults.`;
  if (state === 'absent')
    return `${path} does not exist: HookBus uses what ${policy_files.join(' and ')} sets, and the defaults.`;
  if (state === 'good') return path;
  return `${path} cannot be used: ${problem}. The daemon keeps the previous configuration; otherwise the defaults apply:`;
}
