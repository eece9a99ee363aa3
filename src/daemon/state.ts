/** What a daemon tells of itself; `hookbus daemon status --json` prints it. */
export interface DaemonState {
  readonly pid: number;
  readonly version: string;
  /** UTC. */
  readonly started_at: string;
  /** Executions taken from the spool since then. */
  readonly drained: number;
  /** Records that could not be read since then. */
  readonly unreadable: number;
  readonly pokes: number;
  /** Servers that dedupe keys were shared through since then; without passwords. */
  readonly shared_keys: readonly {
    readonly url: string;
    readonly connected: boolean;
    readonly last_error: string | null;
    readonly failures: number;
  }[];
  /** Those that config.json switches on, since it did. */
  readonly exporters: readonly {
    readonly name: string;
    /** Where to; null until it could be opened. */
    readonly target: string | null;
    readonly state: 'starting' | 'working' | 'failing';
    readonly last_error: string | null;
    /** Executions; of Prometheus, answers. */
    readonly sent: number;
    readonly dropped: number;
    /** Attempts that failed. */
    readonly failures: number;
  }[];
  /** `network.ca_file` of config.json; null where that names none. */
  readonly certificates: { readonly file: string; readonly last_error: string | null } | null;
  /** Resident memory, in bytes. */
  readonly rss_bytes: number;
}
