import type { Surroundings } from '../words/command.ts';

/** Shows progress on one line of stderr, on a terminal only. */
export function createProgress({ remark }: Pick<Surroundings, 'remark'>) {
  return {
    /** The text must fit a line. */
    say: (text: string): void => remark(`\r\x1b[K${text}`),
    clear: (): void => remark('\r\x1b[K'),
  };
}

/** An answer that comes sooner needs no progress. */
const SILENT_MS = 500;

/** Shows the day that a long answer has come to, on a terminal only. */
export function createDayProgress({ now, remark }: Pick<Surroundings, 'now' | 'remark'>) {
  const startMs = now();
  const progress = createProgress({ remark });
  let isShown = false;
  return {
    onDay(day: string): void {
      if (now() - startMs < SILENT_MS) return;
      progress.say(`Reading the executions of ${day}`);
      isShown = true;
    },
    end(): void {
      if (isShown) progress.clear();
    },
  };
}
