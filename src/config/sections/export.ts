import { flag, textMap } from '../file/config-setting.ts';

/** HookBus sets these itself: with another value, two machines could write one series. */
const OWN = ['service.name', 'service.instance.id', 'service.version'] as const;

/** In Prometheus and DogStatsD, dots are underscores. */
const labelOf = (name: string): string => name.replaceAll('.', '_');

/** The labels of metrics are HookBus's own too: DogStatsD has them beside the attributes. */
const RESERVED: ReadonlySet<string> = new Set([
  ...OWN.map(labelOf),
  ...['hook', 'event', 'agent', 'project', 'status', 'decision', 'result'],
]);

const MAX_ATTRIBUTES = 16;

/** What exporters say about this machine, its user and its projects. */
export const exporting = {
  user_name: flag(false),
  project_name: flag(false),
  /** Attributes of the resource, by names in the manner of OpenTelemetry. */
  attributes: textMap(
    `an object of at most ${MAX_ATTRIBUTES} attributes, such as {"deployment.environment.name": "office"}: names of lower-case letters, digits, _ and dots, except ${OWN.join(', ')} and the labels of metrics; values of 1 to 200 characters`,
    (attributes) => {
      const names = Object.keys(attributes);
      const labels = new Set(names.map(labelOf));
      return (
        names.length <= MAX_ATTRIBUTES &&
        labels.size === names.length &&
        Object.entries(attributes).every(([name, value]) => isAttribute(name, value))
      );
    },
  ),
};

function isAttribute(name: string, value: string): boolean {
  return (
    name.length <= 100 &&
    /^[a-z][a-z0-9]*(?:[._][a-z0-9]+)*$/.test(name) &&
    !RESERVED.has(labelOf(name)) &&
    /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u.test(value)
  );
}
