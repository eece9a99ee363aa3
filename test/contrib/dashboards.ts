import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const CONTRIB = join(import.meta.dirname, '..', '..', 'contrib');
const FOLDER = join(CONTRIB, 'grafana', 'dashboards');

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource: DataSource;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat?: string;
    readonly datasource: DataSource;
  }[];
  readonly transformations?: readonly {
    readonly options: { readonly renameByName?: Readonly<Record<string, string>> };
  }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly regex: string;
  readonly query: string | { readonly query: string };
  readonly datasource?: DataSource;
}

/** What Grafana reads, as far as the tests look at it. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

/** The dashboards, by the name of the file without ending. */
export const DASHBOARDS = new Map(
  readdirSync(FOLDER).map((file) => [
    basename(file, '.json'),
    JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Dashboard,
  ]),
);

/** Each query of a dashboard, with the panel that shows it. */
export const queriesOf = ({ panels }: Dashboard): { title: string; expr: string }[] =>
  panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

/** The names of Grafana's variables in a text; `$name` or `${name}`. */
export const variablesIn = (text: string): string[] =>
  [...text.matchAll(/\$(?:\{(\w+)|(\w+))/g)].map((match) => match[1] ?? match[2] ?? '');

/** The names of metrics in an expression. Its strings, its labels and its functions are no metrics. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '""')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(?:by|on|group_left|without|ignoring)\s*\([^)]*\)/g, '');
  return [...new Set(bare.match(/\b(?:hookbus_\w+|\w+:hookbus_\w+(?::\w+)?|target_info)\b/g))];
}

/** The names of labels in an expression: those that it selects, groups and joins by. */
export function labelsAskedIn(expression: string): string[] {
  const selected = [...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, matchers = '']) =>
    [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const grouped = [...expression.matchAll(/\b(?:by|on|group_left)\s*\(([^)]*)\)/g)].flatMap(
    ([, labels = '']) => labels.split(',').map((label) => label.trim()),
  );
  return [...new Set([...selected, ...grouped])];
}

/** The labels in legends, and those that a table gives another name. */
export const labelsShownIn = ({ panels }: Dashboard): string[] =>
  panels.flatMap((panel) => [
    ...panel.targets.flatMap(({ legendFormat = '' }) =>
      [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
    ),
    ...(panel.transformations ?? []).flatMap(({ options }) =>
      Object.keys(options.renameByName ?? {}).filter((name) => !name.startsWith('Value')),
    ),
  ]);
