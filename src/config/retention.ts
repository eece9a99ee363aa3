import { readConfigFile } from './file/config-file.ts';
import type { Settings } from './settings.ts';

/**
 * How many days `hookbus cleanup` keeps: the shell's variable comes first, then config.json. A policy that locks it comes
 * before both.
 * @param refused called if config.json cannot be used; if it returns, the policy or the default counts
 */
export function retentionDays(
  { paths, retentionDays: days, isRetentionGiven }: Settings,
  refused: (problem: string) => void = () => undefined,
): number {
  if (paths === undefined) return days;
  const reading = readConfigFile(paths.config);
  const isLocked = reading.policy.locked.has('retention_days');
  if (isRetentionGiven && !isLocked) return days;
  if (reading.state === 'refused' && !isLocked) refused(reading.problem);
  return reading.config.retention_days;
}
