import { readConfigFile } from '../../config/file/config-file.ts';
import type { Begin } from '../../domain/record.ts';

export const REDACTION_IGNORED =
  'HOOKBUS_REDACT: off counts only where redact in config.json is false; secrets are taken out';

/**
 * Redaction is off only where config.json says so too: a run's environment may come from a repository, and makes
 * things stricter at most. In the record of a run that asked for it in vain stands why.
 */
export function withRedactionInForce(begin: Begin, configPath: string | undefined): Begin {
  if (begin.redact || (configPath !== undefined && mayKeepSecrets(configPath))) return begin;
  return { ...begin, redact: true, warnings: [...begin.warnings, REDACTION_IGNORED] };
}

/** What cannot be read says nothing. */
export function mayKeepSecrets(configPath: string): boolean {
  const reading = readConfigFile(configPath);
  return reading.state === 'good' && !reading.config.redact;
}
