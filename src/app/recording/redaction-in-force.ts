import { readConfigFile } from '../../config/file/config-file.ts';
import type { Begin } from '../../domain/record.ts';

export const REDACTION_IGNORED =
  'HOOKBUS_REDACT=off has no effect unless redact is false in config.json; secrets are redacted';

/**
 * Redaction is off only if config.json agrees: a run's environment may come from a repository, and may only make things
 * stricter. If a run asked for it without that, its record gets a warning.
 */
export function withRedactionInForce(begin: Begin, configPath: string | undefined): Begin {
  if (begin.redact || (configPath !== undefined && mayKeepSecrets(configPath))) return begin;
  return { ...begin, redact: true, warnings: [...begin.warnings, REDACTION_IGNORED] };
}

/** A config.json that cannot be read does not switch redaction off. */
export function mayKeepSecrets(configPath: string): boolean {
  const reading = readConfigFile(configPath);
  return reading.state !== 'refused' && !reading.config.redact;
}
