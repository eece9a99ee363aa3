import type { StatePaths } from '../../config/home/paths.ts';
import type { StoreHandle } from '../store/store-handle.ts';

/** A page for people that the daemon serves to this machine, from when it is first asked for. */
export interface Dashboard {
  /** Where it is, with a code that lets in once whoever has it. @throws what the system says of the port */
  readonly open: () => Promise<string>;
  /** Whether a browser shows it now. */
  readonly isWatched: () => boolean;
  /** Executions were stored. */
  readonly tell: () => void;
  readonly stop: () => Promise<void>;
}

/** What the daemon lends it. */
export interface DashboardParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly now: () => number;
}

/** The daemon and the page do not know each other: who starts the daemon hands it this. */
export type CreateDashboard = (parts: DashboardParts) => Dashboard;
