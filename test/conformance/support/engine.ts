/**
 * What an engine can do beyond the contract that every engine keeps. `true` means that its tests run; a text is the reason
 * why they are skipped.
 */
interface Capabilities {
  /** The hook has the signal mask and the ignored signals with which the engine was started. */
  readonly inheritsSignalState: Capability;
  /** Arguments and environment need not be UTF-8. */
  readonly passesRawBytes: Capability;
  /** The hook has the soft limit of open files with which the engine was started. */
  readonly keepsOpenFileLimit: Capability;
  /** Descriptors from 3 up reach the hook. */
  readonly inheritsDescriptors: Capability;
  /** A closed descriptor 0, 1 or 2 is closed in the hook too. */
  readonly keepsClosedDescriptors: Capability;
  /** It starts in a directory that was deleted. */
  readonly startsInDeletedDirectory: Capability;
  /** It distinguishes death by a real-time signal from an exit. */
  readonly seesRealTimeSignals: Capability;
  /** Stop signals and real-time signals sent only to it reach the hook. */
  readonly passesEverySignal: Capability;
  /** In a long execution, it knows what a process beside the hook sent to the whole group. */
  readonly startsSentinel: Capability;
  /** The hook dies when the engine is killed by SIGKILL. */
  readonly takesHookAlong: Capability;
  /** It makes a state directory that is not the default; if it cannot, the test makes the directory. */
  readonly makesHome: Capability;
  /** Switched off, it replaces itself with the command. */
  readonly replacesItself: Capability;
  /** A hook that writes to a full device gets the error at once. */
  readonly handsOnFullDevice: Capability;
  /** It starts almost instantly, so that its waits show in a comparison with the bare command. */
  readonly startsAtOnce: Capability;
  /** Where an execution is recorded when the engine ends: its own row, or a record for others to ingest. */
  readonly recordsIn: 'database' | 'spool';
}

export type Capability = true | string;

/** An engine under test: the words before `run`. Absolute paths, since tests change PATH and directory. */
export interface Engine {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly capabilities: Capabilities;
  /** Tests that fail because of what the engine runs on, by title, each with the reason. */
  readonly cannot?: readonly (readonly [RegExp, string])[];
}
