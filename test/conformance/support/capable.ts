import type { Engine } from './engine.ts';

/** What the launcher can do on Linux: everything. */
export const CAPABLE: Engine['capabilities'] = {
  inheritsSignalState: true,
  passesRawBytes: true,
  keepsOpenFileLimit: true,
  inheritsDescriptors: true,
  keepsClosedDescriptors: true,
  startsInDeletedDirectory: true,
  seesRealTimeSignals: true,
  passesEverySignal: true,
  startsSentinel: true,
  takesHookAlong: true,
  makesHome: true,
  replacesItself: true,
  handsOnFullDevice: true,
  startsAtOnce: true,
  recordsIn: 'spool',
};
