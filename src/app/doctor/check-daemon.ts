import { isNewerVersion, VERSION } from '../../domain/version.ts';
import { advice, type Check } from './finding.ts';

export interface DaemonFacts {
  /** By `HOOKBUS_DAEMON`. */
  readonly mode: 'auto' | 'off';
  /** What it says of itself; undefined where none answers. */
  readonly running:
    | { readonly pid: number; readonly version: string; readonly rss_bytes: number }
    | undefined;
}

/** Looks at the daemon. One that is not there is no mistake: it is started when it is needed. */
export function checkDaemon({ mode, running }: DaemonFacts): Check {
  const name = 'daemon';
  if (running === undefined) {
    const summary = mode === 'off' ? 'off (HOOKBUS_DAEMON)' : 'not running, started when needed';
    return { name, summary, findings: [] };
  }
  const { pid, version, rss_bytes } = running;
  const summary = `version ${version}, process ${pid}, ${Math.round(rss_bytes / 1e6)} MB`;
  if (version === VERSION) return { name, summary, findings: [] };
  const isNewer = isNewerVersion(version, VERSION);
  const finding = advice(
    `the daemon is version ${version}, and this is ${VERSION}`,
    isNewer
      ? 'Another, newer HookBus uses the same state directory.'
      : 'It leaves at the next hook of the newer one.',
    isNewer ? 'Keep one of them.' : 'hookbus daemon restart',
  );
  return { name, summary, findings: [finding] };
}
