import { createHash } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { type Config, readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { OTHER, plainName } from '../../domain/exported.ts';
import type { Attributes } from '../../exporters/exporter.ts';
import type { Database } from '../../store/database.ts';
import { readExportIds } from '../../store/export/state.ts';

/** Who exports, and how exporters call projects. */
export interface Identity {
  /** OpenTelemetry's attributes of the resource, other than name and version of the service. */
  readonly attributes: Attributes;
  /** The label of a project, given the base name of its directory. */
  readonly projectLabel: (name: string) => string;
}

/** Hex digits of a digest that stands for a name. */
const DIGEST_DIGITS = 12;

/** Reads the ids of the database and the names of this machine. @throws if the database cannot be read */
export function readIdentity(db: Database, config: Config['export']): Identity {
  const { instanceId, projectSalt } = readExportIds(db);
  const user = config.user_name ? userName() : undefined;
  return {
    attributes: {
      'host.name': plainName(hostname()),
      // Node and OpenTelemetry differ in the name of Windows alone.
      'os.type': process.platform === 'win32' ? 'windows' : process.platform,
      ...(user !== undefined && { 'user.name': user }),
      ...config.attributes,
      'service.instance.id': instanceId,
    },
    projectLabel: (name) => {
      if (config.project_name || name === '' || name === OTHER) return name;
      const digest = createHash('sha256').update(`${projectSalt}\0${name}`).digest('hex');
      return digest.slice(0, DIGEST_DIGITS);
    },
  };
}

/** Root's values and the defaults if config.json cannot be used: only the daemon knows the last valid one. */
export const exportConfig = ({ config }: StatePaths): Config['export'] =>
  readConfigFile(config).config.export;

/** Undefined if the system knows no name for this user. */
function userName(): string | undefined {
  try {
    return plainName(userInfo().username) || undefined;
  } catch {
    return undefined;
  }
}
