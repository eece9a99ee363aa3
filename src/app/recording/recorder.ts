import type { StatePaths } from '../../config/home/paths.ts';
import type { Begin, End } from '../../domain/record.ts';
import { encodeBegin, encodeEnd } from '../../protocol/record.ts';
import type { Spool } from '../../spool/spool.ts';
import { provideCompression } from './compression.ts';

export interface RecorderParts {
  readonly spool: Spool;
  readonly paths: StatePaths;
  readonly now: () => number;
  /** Logs an internal error, if debugging is on. */
  readonly report: (what: string, error: unknown) => void;
}

/**
 * Records one execution from inside an engine. Nothing here throws: if the database cannot be written, the execution
 * waits in the spool; if the spool cannot be written either, it is not recorded.
 */
export function createRecorder({ spool, paths, now, report }: RecorderParts) {
  // Storing needs SQLite, redaction and compression only after the hook, so they load while it runs.
  const loadStorage = () => import('./store-execution.ts');

  const attempt = async (what: string, work: () => void | Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      report(what, error);
      return false;
    }
  };

  return {
    /**
     * Before the hook starts: records what is known, in case this process dies.
     * @returns whether it could be written
     */
    begin(begin: Begin): boolean {
      try {
        spool.begin(begin.executionId, encodeBegin(begin));
        return true;
      } catch (error) {
        report('begin record', error);
        return false;
      }
    },
    /** While the hook runs: loads what `end` needs. */
    prepare(): void {
      void attempt('load storage', async () => (await loadStorage()).loadRules());
    },
    /** Records what is known at a signal, because the signal may end this process. */
    note(begin: Begin, end: End): void {
      void attempt('note signal', () =>
        spool.append(begin.executionId, encodeBegin(begin), encodeEnd({ ...end, kind: 'cut_off' })),
      );
    },
    /** After the hook: stores the execution, and ingests what others left in the spool. */
    async end(begin: Begin, end: End): Promise<void> {
      let ingest: ((spool: Spool) => void) | undefined;
      const isStored = await attempt('store execution', async () => {
        const { storeExecution } = await loadStorage();
        if (begin.storeRaw && begin.compress) provideCompression((await import('fflate')).zlibSync);
        ingest = storeExecution(paths, begin, end, now);
      });
      if (!isStored) {
        await attempt('spool execution', () =>
          spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(end)),
        );
        return;
      }
      await attempt('remove record', () => spool.discard(begin.executionId));
      await attempt('ingest spool', () => ingest?.(spool));
    },
  };
}

export type Recorder = ReturnType<typeof createRecorder>;
