import type { ConfigReading } from '../file/config-file.ts';
import { CONFIG_KEYS } from '../file/config-keys.ts';
import type { Settings } from '../settings.ts';

export interface ValueSource {
  readonly key: string;
  readonly source: 'default' | 'policy' | 'config' | 'environment';
  /** The file, or the variable; null for a default. */
  readonly from: string | null;
  /** The file of root's that keeps users from changing it; null: they may. */
  readonly locked_by: string | null;
}

/** A setting of a user that root does not allow: it is ignored. */
export interface ForbiddenSetting {
  readonly key: string;
  /** The file of root's that forbids it. */
  readonly by: string;
}

/** What `hookbus config set` and others say about a key that root locked. */
export const forbiddenText = (key: string, by: string): string =>
  `${key} is set by ${by}: users may not change it`;

/** A key's value in the form of a config.json. */
export function valueIn(config: Readonly<Record<string, unknown>>, key: string): unknown {
  const [first = '', name] = key.split('.');
  const member = config[first];
  if (name === undefined || typeof member !== 'object' || member === null) return member;
  return (member as Readonly<Record<string, unknown>>)[name];
}

/** Of every key, where its value comes from. @param path the user's config.json */
export function valueSources(
  { given, policy }: ConfigReading,
  settings: Settings,
  path: string,
): ValueSource[] {
  return CONFIG_KEYS.map((key) => {
    const by = policy.locked.get(key);
    const locked_by = by ?? null;
    const variable = variableFor(key, settings);
    if (by === undefined && variable !== undefined)
      return { key, source: 'environment', from: variable, locked_by };
    if (by === undefined && valueIn(given, key) !== undefined)
      return { key, source: 'config', from: path, locked_by };
    const set = policy.values.get(key);
    if (set !== undefined) return { key, source: 'policy', from: set.path, locked_by };
    return { key, source: 'default', from: null, locked_by };
  });
}

/** The variable that sets a key for the commands of this shell. */
const variableFor = (key: string, settings: Settings): string | undefined =>
  key === 'retention_days' && settings.isRetentionGiven ? 'HOOKBUS_RETENTION_DAYS' : undefined;

/** What the user's config.json sets although root forbids it, if that would be another value. */
export function forbiddenSettings({ given, policy, config }: ConfigReading): ForbiddenSetting[] {
  return [...policy.locked].flatMap(([key, by]) => {
    const value = valueIn(given, key);
    const isOther = JSON.stringify(value) !== JSON.stringify(valueIn(config, key));
    return value !== undefined && isOther ? [{ key, by }] : [];
  });
}

/** One sentence about a setting of a user that does not count. @param setting where the user set it */
export const ignoredText = (setting: string, { key, by }: ForbiddenSetting): string =>
  `${setting} is ignored: ${forbiddenText(key, by)}`;

/** The variables of this shell that root does not let count, one sentence each. */
export function forbiddenVariables(
  { policy, config }: ConfigReading,
  settings: Settings,
): string[] {
  const { isRetentionGiven, retentionDays, redact } = settings;
  const found = [
    [
      'HOOKBUS_RETENTION_DAYS',
      'retention_days',
      isRetentionGiven && retentionDays !== config.retention_days,
    ],
    ['HOOKBUS_REDACT', 'redact', config.redact && !redact],
  ] as const;
  return found.flatMap(([variable, key, isOther]) => {
    const by = isOther ? policy.locked.get(key) : undefined;
    return by === undefined ? [] : [ignoredText(variable, { key, by })];
  });
}
