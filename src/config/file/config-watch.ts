import { lstatSync } from 'node:fs';
import { policyIdentity } from '../policy/config-policy.ts';
import {
  type Config,
  type ConfigReading,
  configOf,
  type Found,
  readConfigFile,
} from './config-file.ts';

/** How often to look for a change of root's files: there may be many, and the daemon asks for each execution. */
const POLICY_MS = 1000;

export interface ConfigWatch {
  /** The configuration in force. It checks size and time of the files, and reads them only if these have changed. */
  readonly current: () => Config;
}

/**
 * Follows a config.json and root's policy, which may change at any time. An invalid file is refused as a whole: what the
 * last valid one sets stays in force, under the policy of now.
 * @param onReading called after the first reading, and after each reading of changed files
 */
export function createConfigWatch(
  path: string,
  onReading: (reading: ConfigReading, config: Config) => void,
): ConfigWatch {
  let seen: string | undefined;
  let config: Config | undefined;
  let given: Found = {};
  let [policy, policyAt] = ['', Number.NEGATIVE_INFINITY];

  function policyNow(): string {
    const now = performance.now();
    if (now - policyAt < POLICY_MS) return policy;
    policyAt = now;
    policy = policyIdentity(identityOf);
    return policy;
  }

  function look(): Config {
    const now = `${identityOf(path)}\n${policyNow()}`;
    if (config !== undefined && now === seen) return config;
    const reading = readConfigFile(path);
    seen = now;
    if (reading.state !== 'refused') ({ given } = reading);
    config = configOf(given, reading.policy);
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
