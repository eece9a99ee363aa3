import type { Surroundings } from '../words/command.ts';

/** Shows progress on one line of stderr, on a terminal only. */
export function createProgress({ remark }: Pick<Surroundings, 'remark'>) {
  return {
    /** The text must fit a line. */
    say: (text: string): void => remark(`\r\x1b[K${text}`),
    clear: (): void => remark('\r\x1b[K'),
  };
}
