import type { StatePaths } from '../../config/home/paths.ts';
import type { StoreHandle } from '../store/store-handle.ts';

/** The web page that the daemon serves on this machine, from the first request on. */
export interface Dashboard {
  /** Returns its URL, with a code that admits one browser once. @throws if the port cannot be opened */
  readonly open: () => Promise<string>;
  /** Whether a browser shows it at the moment. */
  readonly isWatched: () => boolean;
  /** Call this when executions were stored. */
  readonly tell: () => void;
  readonly stop: () => Promise<void>;
}

/** What the daemon shares with the dashboard. */
export interface DashboardParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly now: () => number;
}

/** The daemon and the dashboard do not import each other: the caller that starts the daemon passes this in. */
export type CreateDashboard = (parts: DashboardParts) => Dashboard;
