import { lstatSync } from 'node:fs';
import { type Config, type ConfigReading, DEFAULT_CONFIG, readConfigFile } from './config-file.ts';

export interface ConfigWatch {
  /** The configuration in force. It checks the file's size and time, and reads the file only if these have changed. */
  readonly current: () => Config;
}

/**
 * Follows a config.json that may change at any time. An invalid file is refused as a whole: the last valid configuration
 * stays in force, or the defaults if there was none.
 * @param onReading called after the first reading, and after each reading of a changed file
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

/** Changes whenever the file changes. */
export function identityOf(path: string, look = lstatSync): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = look(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}
