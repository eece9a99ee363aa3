/** What the daemon reports about itself; `hookbus daemon status --json` prints it. */
export interface DaemonState {
  readonly pid: number;
  readonly version: string;
  /** UTC. */
  readonly started_at: string;
  /** Executions ingested since the start. */
  readonly drained: number;
  /** Unreadable records since the start. */
  readonly unreadable: number;
  /** Notifications since the start. */
  readonly pokes: number;
  /** The server that shares dedupe keys, if any; the URL without its password. */
  readonly shared_keys: readonly {
    readonly url: string;
    readonly connected: boolean;
    readonly last_error: string | null;
    readonly failures: number;
  }[];
  /** The exporters that config.json enables; counters start when they were enabled. */
  readonly exporters: readonly {
    readonly name: string;
    /** The destination; null until the exporter was opened. */
    readonly target: string | null;
    readonly state: 'starting' | 'working' | 'failing';
    readonly last_error: string | null;
    /** Executions; for Prometheus, scrapes. */
    readonly sent: number;
    readonly dropped: number;
    /** Failed attempts. */
    readonly failures: number;
  }[];
  /** `network.ca_file` in config.json; null if unset. */
  readonly certificates: { readonly file: string; readonly last_error: string | null } | null;
  /** Resident memory, in bytes. */
  readonly rss_bytes: number;
}
