import { existsSync } from 'node:fs';
import type { createBreakerTracker } from '../app/breaker/track-breakers.ts';
import type { Keys } from '../app/dedupe/dedupe.ts';
import { openKeys } from '../app/dedupe/open-keys.ts';
import { assemble } from '../app/recording/assemble.ts';
import { provideCompression } from '../app/recording/compression.ts';
import { createSurroundings } from '../app/recording/facts/surroundings.ts';
import { decodeEntry } from '../app/recording/spool-record.ts';
import type { Report } from '../app/store/debug-log.ts';
import { createStoreHandle, type StoreHandle } from '../app/store/store-handle.ts';
import type { StatePaths } from '../config/home/paths.ts';
import { INTERRUPTED } from '../domain/execution.ts';
import { type HookId, hookOf } from '../domain/hook/hook-id.ts';
import type { Begin, End } from '../domain/record.ts';
import { encodeBegin, encodeEnd } from '../protocol/record.ts';
import { createSpool, type Spool } from '../spool/spool.ts';
import { HOOK_BUSY_MS } from '../store/database.ts';

/** The end of an execution whose process exits inside the body. */
const endInsideBody = (stdinBytes: number): End => ({
  kind: 'cut_off',
  reason: `${INTERRUPTED}: the process ended inside the guarded execution`,
  stdinBytes,
  stdoutBytes: 0,
  stderrBytes: 0,
  stdoutKind: 'empty',
  stderrTail: new Uint8Array(),
  captures: [],
});

const opened = new Map<string, Recording>();

/** The recording of a state directory. Its database stays open as long as this process lives. */
export function recordingFor(paths: StatePaths): Recording {
  const known = opened.get(paths.home);
  if (known !== undefined) return known;
  const recording = createRecording(paths);
  opened.set(paths.home, recording);
  return recording;
}

/** Records executions from inside the process that is the hook. Nothing here throws except `keys`. */
function createRecording(paths: StatePaths) {
  const spool = createSpool(paths.spool, paths.quarantine);
  const store = createStoreHandle(paths.database, HOOK_BUSY_MS, Date.now);
  let keys: Keys | undefined;
  const attempt = (report: Report, what: string, work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      report(what, error);
      return false;
    }
  };

  const updateBreaker = createBreakerUpdater(paths, store);

  return {
    home: paths.home,
    /** The keys throw errors of the store; the caller then runs the body. */
    keys(): Keys {
      keys ??= openKeys(paths.database).keys;
      return keys;
    },
    /** Before the body: records what is known, in case this process dies. */
    begin(begin: Begin, stdinBytes: number, report: Report): void {
      attempt(report, 'begin record', () => {
        const end = encodeEnd(endInsideBody(stdinBytes));
        spool.append(begin.executionId, encodeBegin(begin), end);
      });
    },
    /** After the body: stores the execution in the database, or in the spool if that fails. */
    async end(begin: Begin, end: End, report: Report): Promise<void> {
      let inForce = { ...begin, redact: true };
      try {
        // Few executions need these modules, so they load on demand.
        if (begin.storeRaw && begin.compress) provideCompression((await import('fflate')).zlibSync);
        if (!begin.redact) inForce = (await loadRedactionInForce())(begin, paths.config);
      } catch (error) {
        report('load storage', error);
      }
      const isStored = attempt(report, 'store execution', () =>
        store.use(({ writer }) =>
          writer.write([assemble(inForce, end, createSurroundings()(begin))]),
        ),
      );
      if (isStored) {
        attempt(report, 'remove record', () => spool.discard(begin.executionId));
        try {
          await updateBreaker(hookOf(begin));
        } catch (error) {
          report('update breakers', error);
        }
        return;
      }
      attempt(report, 'spool execution', () =>
        spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(end)),
      );
    },
    ...createRunning(spool),
  };
}

const loadRedactionInForce = async () =>
  (await import('../app/recording/redaction-in-force.ts')).withRedactionInForce;

/** Reads from the spool executions that have not finished. */
function createRunning(spool: Spool) {
  return {
    /** The span of a running execution; undefined if unknown. @throws file system errors */
    spanOf(executionId: string): string | undefined {
      for (const { frames } of spool.entries()) {
        const begin = decodeEntry(frames)?.begin;
        if (begin?.executionId === executionId) return begin.spanId;
      }
      return undefined;
    },
  };
}

/** No daemon sees executions that this process stores itself. Costs one check for config.json if there is none. */
function createBreakerUpdater(paths: StatePaths, store: StoreHandle) {
  let track: ReturnType<typeof createBreakerTracker> | undefined;
  return async (hook: HookId): Promise<void> => {
    // Without config.json no breaker is enabled, so its reader is not even loaded.
    if (!existsSync(paths.config)) return;
    const { createBreakerTracker } = await import('../app/breaker/track-breakers.ts');
    track ??= createBreakerTracker(paths, store, Date.now);
    track([hook]);
  };
}

export type Recording = ReturnType<typeof createRecording>;
