/**
 * What an engine can do beyond the contract that every engine keeps. `true` means that its tests run; a text says why
 * they cannot, and is the reason that a skipped test shows.
 */
interface Capabilities {
  /** The hook has the signal mask and the ignored signals that the engine was started with. */
  readonly inheritsSignalState: Capability;
  /** Arguments and environment need not be UTF-8. */
  readonly passesRawBytes: Capability;
  /** The hook has the soft limit of open files that the engine was started with. */
  readonly keepsOpenFileLimit: Capability;
  /** Descriptors from 3 up reach the hook. */
  readonly inheritsDescriptors: Capability;
  /** A descriptor 0, 1 or 2 that is closed is closed in the hook too. */
  readonly keepsClosedDescriptors: Capability;
  /** It starts in a directory that is gone. */
  readonly startsInDeletedDirectory: Capability;
  /** It tells death by a real-time signal from an exit. */
  readonly seesRealTimeSignals: Capability;
  /** Stop signals and real-time signals to it alone reach the hook. */
  readonly passesEverySignal: Capability;
  /** In a run that lasts, it knows what was sent to the whole group by a process beside the hook. */
  readonly startsSentinel: Capability;
  /** The hook dies with an engine that is killed by SIGKILL. */
  readonly takesHookAlong: Capability;
  /** It makes a state directory that is not the default; where it cannot, that is there before it starts. */
  readonly makesHome: Capability;
  /** Switched off, it replaces itself with the command. */
  readonly replacesItself: Capability;
  /** Of what a hook writes to a device that takes nothing, it is told at once. */
  readonly handsOnFullDevice: Capability;
  /** It takes next to no time to start, so that its waits show against the bare command. */
  readonly startsAtOnce: Capability;
  /** Where an execution is on record when the engine ends: its own row, or a record for others to drain. */
  readonly recordsIn: 'database' | 'spool';
}

export type Capability = true | string;

/** An engine under test: how it is started, before `run`. Absolute paths, since tests change PATH and directory. */
export interface Engine {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly capabilities: Capabilities;
  /** Tests that what the engine runs on makes fail, by their titles, each with the reason. */
  readonly cannot?: readonly (readonly [RegExp, string])[];
}
