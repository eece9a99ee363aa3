import { readConfigFile } from './file/config-file.ts';
import type { Settings } from './settings.ts';

/**
 * What `hookbus cleanup` keeps, in days: what the variable of this shell says, else what config.json does.
 * @param refused what to do with a config.json that cannot be used; the default counts where it returns
 */
export function retentionDays(
  { paths, retentionDays: days, isRetentionGiven }: Settings,
  refused: (problem: string) => void = () => undefined,
): number {
  if (isRetentionGiven || paths === undefined) return days;
  const reading = readConfigFile(paths.config);
  if (reading.state !== 'refused') return reading.config.retention_days;
  refused(reading.problem);
  return days;
}
