import { readConfigFile } from './file/config-file.ts';
import type { Settings } from './settings.ts';

/**
 * How many days `hookbus cleanup` keeps: the shell's variable comes first, then config.json.
 * @param refused called if config.json cannot be used; if it returns, the default counts
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
