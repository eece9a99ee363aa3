import { SECTIONS, TOP_LEVEL } from '../sections/index.ts';
import type { ConfigSetting } from './config-setting.ts';

/** The settings of a section by name; empty if there is no such section. */
export function settingsOf(section: string): Readonly<Record<string, ConfigSetting<unknown>>> {
  return Object.hasOwn(SECTIONS, section) ? SECTIONS[section as keyof typeof SECTIONS] : {};
}

/** A setting outside all sections; undefined if there is none with this name. */
export function topLevelSetting(name: string): ConfigSetting<unknown> | undefined {
  return Object.hasOwn(TOP_LEVEL, name) ? TOP_LEVEL[name as keyof typeof TOP_LEVEL] : undefined;
}

/** All keys in the form that people type: `breaker.enabled`. */
export const CONFIG_KEYS: readonly string[] = [
  ...Object.keys(TOP_LEVEL),
  ...Object.keys(SECTIONS).flatMap((section) =>
    Object.keys(settingsOf(section)).map((name) => `${section}.${name}`),
  ),
];

/** The keys that a name stands for: a key, or every key of a section. */
export const keysOf = (name: string): readonly string[] =>
  CONFIG_KEYS.filter((key) => key === name || key.startsWith(`${name}.`));
