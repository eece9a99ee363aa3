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
  /** Resident memory, in bytes. */
  readonly rss_bytes: number;
}
