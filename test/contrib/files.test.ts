import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hasProgram } from '../support/exporting.ts';
import { hookbus } from '../support/hookbus.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { CONTRIB, DASHBOARDS, type Panel, variablesIn } from './dashboards.ts';

const hasPromtool = hasProgram('promtool', ['--version'], 'the rules of contrib/');

const read = (path: string): string => readFileSync(join(CONTRIB, path), 'utf8');

function promtool(...words: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', words, {
    cwd: join(CONTRIB, 'prometheus'),
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const rulesOf = (file: string): Rule[] =>
  (parse(read(`prometheus/${file}`)) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    ({ rules }) => rules,
  );

describe('the rules for Prometheus', () => {
  const alerts = rulesOf('alert-rules.yml');
  const tests = read('prometheus/rules-test.yml') + read('prometheus/rules-test-days.yml');

  it.skipIf(!hasPromtool)('and both configurations are what promtool accepts', () => {
    const rules = promtool('check', 'rules', 'recording-rules.yml', 'alert-rules.yml');
    expect(rules).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
    const server = promtool('check', 'config', 'prometheus.yml');
    expect(server).toMatchObject({ status: 0, said: expect.stringContaining('2 rule files') });
    expect(promtool('check', 'config', '--agent', 'agent.yml')).toMatchObject({ status: 0 });
  });

  it.skipIf(!hasPromtool)('fire when they should, and only then', () => {
    const ended = promtool('test', 'rules', 'rules-test.yml', 'rules-test-days.yml');
    expect(ended).toMatchObject({ status: 0, said: expect.not.stringContaining('FAILED') });
  });

  it.each(alerts.map((rule) => [rule.alert ?? '', rule] as const))(
    '%s waits, is tested, and says how bad it is and what to do',
    (name, rule) => {
      expect(rule.for).toMatch(/^\d+[mh]$/);
      expect(['critical', 'warning']).toContain(rule.labels?.['severity']);
      const { summary, description, command, ...others } = rule.annotations ?? {};
      expect(others).toEqual({});
      expect(summary).toMatch(/\{\{ \$labels\.(?:hook|instance) \}\}/);
      expect(description).toMatch(/\.$/);
      expect(command).toMatch(/^hookbus \w+/);
      expect(tests).toContain(`labels: ALERTS{alertname="${name}", alertstate="firing"`);
    },
  );

  it('name commands of HookBus that exist, with options that they have', async () => {
    const env = { HOOKBUS_HOME: join(temporaryDirectory(), 'none') };
    for (const { annotations } of alerts) {
      const line = (annotations?.['command'] ?? '').replace(
        /\{\{ \$labels\.hook \}\}/g,
        'guard_rm',
      );
      expect(line).not.toContain('{');
      const [, ...words] = line.split(' ');
      const { stderr } = await hookbus([...words, '--json'], env);
      expect({ line, stderr }).toEqual({ line, stderr: expect.not.stringContaining('Try: ') });
    }
  });
});

/** Panels that Grafana has, and that need no plug-in. */
const PANEL_TYPES = ['stat', 'timeseries', 'table', 'bargauge'];
/** Built from parts, because it looks like a placeholder of JavaScript. */
const VARIABLE = ['$', '{datasource}'].join('');
/** Variables that Grafana itself sets. */
const BUILT_IN = ['__all', '__range', '__rate_interval', '__value', '__url_time_range'];

describe.each([...DASHBOARDS])('the dashboard %s', (name, board) => {
  const variables = board.templating.list;
  const text = read(`grafana/dashboards/${name}.json`);

  it('can be imported: a name, a schema, panels with ids that Grafana knows', () => {
    expect(board).toMatchObject({ uid: `hookbus-${name}`, schemaVersion: 42, tags: ['hookbus'] });
    expect('id' in board).toBe(false);
    const ids = board.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, title, targets } of board.panels) {
      expect(PANEL_TYPES).toContain(type);
      expect(title).not.toBe('');
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  it('has no panels that overlap or leave the grid of 24 columns', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of board.panels) {
      for (const cell of cellsOf(gridPos)) {
        expect(cell.x, title).toBeLessThan(24);
        const key = `${cell.x},${cell.y}`;
        expect(taken.get(key), `${title} is on top of`).toBeUndefined();
        taken.set(key, title);
      }
    }
    expect(Math.min(...board.panels.map(({ gridPos }) => gridPos.x))).toBe(0);
  });

  it('takes each data source from a variable', () => {
    expect(variables[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    expect(variables[0]?.query).toBe('prometheus');
    const panels = board.panels.flatMap((panel) => [panel, ...panel.targets]);
    for (const { datasource } of [...panels, ...variables.slice(1)])
      expect(datasource).toEqual({ type: 'prometheus', uid: VARIABLE });
    expect(text.match(/"datasource":/g)?.length).toBe(panels.length + variables.length - 1);
  });

  it('uses variables that it defines, and each of them', () => {
    const own = variables.map((variable) => variable.name);
    const used = new Set(variablesIn(text).filter((one) => !BUILT_IN.includes(one)));
    expect([...used].sort()).toEqual([...own].sort());
  });

  it('leads to dashboards and variables that exist', () => {
    for (const [, uid = '', variable = ''] of text.matchAll(/\/d\/([\w-]+)\?var-(\w+)=/g)) {
      const target = [...DASHBOARDS.values()].find((one) => one.uid === uid);
      expect(target?.templating.list.map((one) => one.name)).toContain(variable);
    }
  });
});

function cellsOf({ x, y, w, h }: Panel['gridPos']): { x: number; y: number }[] {
  return Array.from({ length: w * h }, (_, index) => ({
    x: x + (index % w),
    y: y + Math.floor(index / w),
  }));
}

interface Collector {
  readonly receivers: object;
  readonly processors: object;
  readonly exporters: object;
  readonly service: {
    readonly pipelines: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
}

// The collector itself is in neither Debian nor npm, so no test starts it.
describe('the configuration of the collector', () => {
  const collector = parse(read('collector.yaml')) as Collector;
  const { pipelines } = collector.service;

  it('takes metrics, logs and spans from HookBus, and sends each somewhere', () => {
    expect(Object.keys(pipelines).sort()).toEqual(['logs', 'metrics', 'traces']);
    for (const pipeline of Object.values(pipelines)) {
      expect(pipeline['receivers']).toEqual(['otlp']);
      expect(pipeline['processors']?.[0]).toBe('memory_limiter');
      expect(pipeline['exporters']?.length).toBeGreaterThan(0);
    }
  });

  it.each(['receivers', 'processors', 'exporters'] as const)(
    'defines the %s of its pipelines, and no others',
    (kind) => {
      const used = Object.values(pipelines).flatMap((pipeline) => pipeline[kind] ?? []);
      expect([...new Set(used)].sort()).toEqual(Object.keys(collector[kind]).sort());
    },
  );

  it('sends to the services of compose.yaml', () => {
    const hosts = [...read('collector.yaml').matchAll(/endpoint: http:\/\/(\w+):/g)].map(
      ([, host]) => host,
    );
    expect(hosts).toEqual(['prometheus', 'loki']);
    for (const host of hosts) expect(Object.keys(compose.services)).toContain(host);
  });
});

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[];
}

const compose = parse(read('compose.yaml')) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};

describe('compose.yaml', () => {
  const services = Object.entries(compose.services);

  it('has the engines that README.md lists, each pinned to a version', () => {
    expect(Object.keys(compose.services)).toEqual(
      ['collector', 'prometheus', 'loki', 'grafana', 'dragonfly'].filter((name) =>
        read('README.md').includes(`| ${name} |`),
      ),
    );
    for (const [, { image }] of services) expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+$/);
  });

  it('opens ports on the loopback interface alone', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBe(4);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
  });

  it('mounts files that exist, and volumes that it declares', () => {
    const sources = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? ''),
    );
    const files = sources.filter((source) => source.startsWith('.'));
    expect(files.length).toBe(5);
    for (const file of files) expect(existsSync(join(CONTRIB, file)), file).toBe(true);
    const named = sources.filter((source) => !source.startsWith('.'));
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('contains no password', () => {
    const secrets = [...read('compose.yaml').matchAll(/(?:PASSWORD: |requirepass=)(.*)/g)];
    expect(secrets.length).toBe(2);
    for (const [, secret] of secrets) expect(secret).toMatch(/^\$\{\w+_PASSWORD:\?/);
  });
});

describe('provisioning', () => {
  it('gives Grafana the data sources and dashboards of compose.yaml', () => {
    const { datasources } = parse(read('grafana/provisioning/datasources/hookbus.yaml')) as {
      datasources: { type: string; url: string }[];
    };
    expect(datasources.map(({ type, url }) => [type, new URL(url).hostname])).toEqual([
      ['prometheus', 'prometheus'],
      ['loki', 'loki'],
    ]);
    const { providers } = parse(read('grafana/provisioning/dashboards/hookbus.yaml')) as {
      providers: { options: { path: string } }[];
    };
    const mounts = compose.services['grafana']?.volumes ?? [];
    const path = providers[0]?.options.path;
    expect(mounts).toContain(`./grafana/dashboards:${path}:ro`);
  });
});

it('contrib is no part of the npm package', () => {
  const { files } = JSON.parse(read('../package.json')) as { files: string[] };
  expect(files.filter((file) => file.startsWith('contrib'))).toEqual([]);
});
