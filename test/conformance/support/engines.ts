import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { hasLauncher, LAUNCHER } from '../../support/daemon.ts';
import { CAPABLE } from './capable.ts';
import type { Engine } from './engine.ts';

const ENTRY = fileURLToPath(new URL('../../../bin/hookbus.js', import.meta.url));

/** Missing if `make build` found no C compiler. */
export const LAUNCHER_ENGINE: Engine | undefined = hasLauncher
  ? {
      name: 'launcher',
      command: [LAUNCHER],
      // Records stay in the spool until a command ingests them, which the suite does before it looks.
      env: { HOOKBUS_DAEMON: 'off' },
      capabilities: CAPABLE,
    }
  : undefined;

export const NODE_ENGINE: Engine = {
  name: 'Node engine',
  command: [execPath, ENTRY],
  capabilities: {
    inheritsSignalState: 'Node resets the signal mask and dispositions when it starts',
    passesRawBytes: 'Node decodes arguments and environment as UTF-8',
    keepsOpenFileLimit: 'Node raises the soft limit of open files when it starts',
    inheritsDescriptors: true,
    keepsClosedDescriptors: 'Node opens /dev/null on each standard descriptor that is closed',
    startsInDeletedDirectory: true,
    seesRealTimeSignals: 'Node reports death by a real-time signal as exit 0',
    passesEverySignal: 'Node knows no real-time signals, and is stopped by stop signals',
    startsSentinel: 'the Node engine starts no sentinel and guesses',
    takesHookAlong: 'Node cannot ask the kernel to end the hook with it (PR_SET_PDEATHSIG)',
    makesHome: true,
    replacesItself: 'Node cannot replace its process',
    handsOnFullDevice: 'the Node engine reads every output itself',
    startsAtOnce: 'Node takes 40 ms and more to start',
    recordsIn: 'database',
  },
};
