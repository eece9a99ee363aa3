import type { Config, ConfigReading } from '../../../config/file/config-file.ts';
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

/** The configuration, one line for each key. */
export function configLines(report: ConfigReport, page: Page): string[] {
  const entries = Object.entries(report.config).flatMap(([section, values]) =>
    typeof values === 'object'
      ? Object.entries(values).map(([name, value]): [string, unknown] => [
          `${section}.${name}`,
          value,
        ])
      : [[section, values] as [string, unknown]],
  );
  const width = Math.max(...entries.map(([key]) => columnsOf(key)));
  return [
    ...wrap(visible(headline(report)), page.columns).map((line) =>
      page.paint(line, report.state === 'refused' ? 'bad' : undefined),
    ),
    ...entries.map(([key, value]) => {
      const origin = report.given.includes(key) ? '' : page.paint('  (default)', 'dim');
      return `  ${pad(key, width)}  ${visible(JSON.stringify(value))}${origin}`;
    }),
  ];
}

function headline({ path, state, problem }: ConfigReport): string {
  if (state === 'absent') return `${path} does not exist; HookBus uses the defaults:`;
  if (state === 'good') return path;
  return `${path} cannot be used: ${problem}. The daemon keeps the previous configuration; otherwise the defaults apply:`;
}
