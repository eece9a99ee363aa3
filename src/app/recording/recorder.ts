import type { StatePaths } from '../../config/home/paths.ts';
import type { Begin, End } from '../../domain/record.ts';
import { encodeBegin, encodeEnd } from '../../protocol/record.ts';
import type { Spool } from '../../spool/spool.ts';
import { provideCompression } from './compression.ts';

export interface RecorderParts {
  readonly spool: Spool;
  readonly paths: StatePaths;
  readonly now: () => number;
  /** Says on the log what went wrong, where that was asked for. */
  readonly report: (what: string, error: unknown) => void;
}

/**
 * Records one execution from inside an engine. Nothing here throws: where the database cannot be written the
 * execution waits in the spool, and where that cannot be either it is not recorded.
 */
export function createRecorder({ spool, paths, now, report }: RecorderParts) {
  // SQLite, redaction and compression are needed only once the hook has ended, and load while it runs.
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
    /** Before the hook starts: what is known survives the death of this process. @returns whether it could be written */
    begin(begin: Begin): boolean {
      try {
        spool.begin(begin.executionId, encodeBegin(begin));
        return true;
      } catch (error) {
        report('begin record', error);
        return false;
      }
    },
    /** While the hook runs. */
    prepare(): void {
      void attempt('load storage', async () => (await loadStorage()).loadRules());
    },
    /** A signal that may be the last thing we see: what is known so far goes on record at once. */
    note(begin: Begin, end: End): void {
      void attempt('note signal', () =>
        spool.append(begin.executionId, encodeBegin(begin), encodeEnd({ ...end, kind: 'cut_off' })),
      );
    },
    /** After the hook: into the database, and with it what others left in the spool. */
    async end(begin: Begin, end: End): Promise<void> {
      let drain: ((spool: Spool) => void) | undefined;
      const isStored = await attempt('store execution', async () => {
        const { storeExecution } = await loadStorage();
        if (begin.storeRaw && begin.compress) provideCompression((await import('fflate')).zlibSync);
        drain = storeExecution(paths, begin, end, now);
      });
      if (!isStored) {
        await attempt('spool execution', () =>
          spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(end)),
        );
        return;
      }
      await attempt('remove record', () => spool.discard(begin.executionId));
      await attempt('drain spool', () => drain?.(spool));
    },
  };
}

export type Recorder = ReturnType<typeof createRecorder>;
