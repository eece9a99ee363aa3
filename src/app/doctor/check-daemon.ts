import { isNewerVersion, VERSION } from '../../domain/version.ts';
import { formatBytes } from '../../format.ts';
import { advice, type Check } from './finding.ts';

export interface DaemonFacts {
  /** The value of `HOOKBUS_DAEMON`. */
  readonly mode: 'auto' | 'off';
  /** What the daemon reports about itself; undefined if none answers. */
  readonly running:
    | { readonly pid: number; readonly version: string; readonly rss_bytes: number }
    | undefined;
}

/** Compares the daemon's version with this one. A daemon that is not running is fine: the next hook starts it. */
export function checkDaemon({ mode, running }: DaemonFacts): Check {
  const name = 'daemon';
  if (running === undefined) {
    const summary = mode === 'off' ? 'off (HOOKBUS_DAEMON)' : 'not running, started when needed';
    return { name, summary, findings: [] };
  }
  const { pid, version, rss_bytes } = running;
  const summary = `version ${version}, process ${pid}, ${formatBytes(rss_bytes)}`;
  if (version === VERSION) return { name, summary, findings: [] };
  const isNewer = isNewerVersion(version, VERSION);
  const finding = advice(
    `the daemon is version ${version}, but this is ${VERSION}`,
    isNewer
      ? 'Another, newer HookBus uses the same state directory.'
      : 'It exits when the next hook of the newer version runs.',
    isNewer ? 'Keep one of the two.' : 'Type hookbus daemon restart.',
  );
  return { name, summary, findings: [finding] };
}
