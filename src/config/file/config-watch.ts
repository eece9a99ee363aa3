import { lstatSync } from 'node:fs';
import { type Config, type ConfigReading, DEFAULT_CONFIG, readConfigFile } from './config-file.ts';

export interface ConfigWatch {
  /** The configuration in force. Costs one look at the file's size and time; reads it only where these have changed. */
  readonly current: () => Config;
}

/**
 * Follows a config.json that may change at any time. One that cannot be used is refused as a whole: the last good one
 * stays in force, or the defaults where there was none.
 * @param onReading told of the first reading and of every one after a change
 */
export function createConfigWatch(
  path: string,
  onReading: (reading: ConfigReading, config: Config) => void,
): ConfigWatch {
  let seen: string | undefined;
  let config: Config | undefined;

  function look(): Config {
    const now = identityOf(path);
    if (config !== undefined && now === seen) return config;
    const reading = readConfigFile(path);
    const before = config ?? DEFAULT_CONFIG;
    seen = now;
    config = reading.state === 'refused' ? before : reading.config;
    onReading(reading, config);
    return config;
  }

  return { current: look };
}

/** Changes where the file does. */
export function identityOf(path: string, look = lstatSync): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = look(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}
