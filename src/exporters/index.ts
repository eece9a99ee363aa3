import type { Exporter, ExporterParts } from './exporter.ts';
import type { OpenTelemetryOptions } from './opentelemetry.ts';
import type { PrometheusOptions } from './prometheus.ts';
import type { StatsdOptions } from './statsd.ts';

/** The sections of config.json for exporters. */
export interface ExporterOptions {
  readonly prometheus: PrometheusOptions & { readonly enabled: boolean };
  readonly statsd: StatsdOptions & { readonly enabled: boolean };
  readonly opentelemetry: OpenTelemetryOptions & { readonly enabled: boolean };
  /** Not an exporter, but what all of them say about this machine: a change reopens them. */
  readonly export: object;
}

type ExporterName = Exclude<keyof ExporterOptions, 'export'>;

interface ExporterKind {
  readonly name: ExporterName;
  /** Loads the exporter and the packages that it needs. @throws if it cannot be opened now */
  readonly open: (options: ExporterOptions, parts: ExporterParts) => Promise<Exporter>;
}

/** All exporters. scripts/bundle-main.js makes a bundle of each file that is loaded here. */
export const EXPORTERS: readonly ExporterKind[] = [
  {
    name: 'prometheus',
    open: async ({ prometheus }, parts) =>
      (await import('./prometheus.ts')).openPrometheus(prometheus, parts),
  },
  {
    name: 'statsd',
    open: async ({ statsd }, parts) => (await import('./statsd.ts')).openStatsd(statsd, parts),
  },
  {
    name: 'opentelemetry',
    open: async ({ opentelemetry }, parts) =>
      (await import('./opentelemetry.ts')).openOpenTelemetry(opentelemetry, parts),
  },
];
