import type { Config, ConfigReading } from '../../../config/file/config-file.ts';
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
}

/** What the file sets, one line for each key. @param isWhole also the defaults */
export function configLines(report: ConfigReport, page: Page, isWhole: boolean): string[] {
  const entries = Object.entries(report.config).flatMap(([section, values]) =>
    typeof values === 'object'
      ? Object.entries(values).map(([name, value]): [string, unknown] => [
          `${section}.${name}`,
          value,
        ])
      : [[section, values] as [string, unknown]],
  );
  const shown = entries.filter(([key]) => isWhole || report.given.includes(key));
  const rest = entries.length - shown.length;
  const width = shown.reduce((max, [key]) => Math.max(max, columnsOf(key)), 0);
  return [
    ...wrap(visible(headline(report)), page.columns).map((line) =>
      page.paint(line, report.state === 'refused' ? 'bad' : undefined),
    ),
    ...shown.map(([key, value]) => {
      const origin = report.given.includes(key) ? '' : page.paint('  (default)', 'dim');
      return `  ${pad(key, width)}  ${visible(JSON.stringify(value))}${origin}`;
    }),
    ...(rest === 0 ? [] : [page.paint(restText(rest), 'dim')]),
  ];
}

const restText = (rest: number): string =>
  `${formatThings(rest, 'key has its default', 'keys have their defaults')}; to see all: hookbus config --all`;

function headline({ path, state, problem }: ConfigReport): string {
  if (state === 'absent') return `${path} does not exist: HookBus uses the defaults.`;
  if (state === 'good') return path;
  return `${path} cannot be used: ${problem}. The daemon keeps the previous configuration; otherwise the defaults apply:`;
}
