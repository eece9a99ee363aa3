import { flag, textMap } from '../file/config-setting.ts';

/** HookBus sets these itself: with another value, two machines could write one series. */
const RESERVED: ReadonlySet<string> = new Set([
  'service.name',
  'service.instance.id',
  'service.version',
]);

const MAX_ATTRIBUTES = 16;

/** What exporters say about this machine, its user and its projects. */
export const exporting = {
  user_name: flag(false),
  project_name: flag(false),
  /** Attributes of the resource, by names in the manner of OpenTelemetry. */
  attributes: textMap(
    `an object of at most ${MAX_ATTRIBUTES} attributes, such as {"deployment.environment.name": "office"}: names of lower-case letters, digits, _ and dots, except ${[...RESERVED].join(', ')}; values of 1 to 200 characters`,
    (attributes) => {
      const names = Object.keys(attributes);
      // In Prometheus, dots are underscores.
      const labels = new Set(names.map((name) => name.replaceAll('.', '_')));
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
    !RESERVED.has(name) &&
    /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u.test(value)
  );
}
