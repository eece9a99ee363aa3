import { once } from 'node:events';
import type { LiveOutput } from './command.ts';
import { jsonText } from './output/json.ts';
import type { Page } from './output/page.ts';

/** Writes to stdout bit by bit, no faster than it is read. */
export function liveOutput(page: Page): LiveOutput {
  const write = async (lines: readonly string[]): Promise<void> => {
    if (lines.length === 0) return;
    if (!process.stdout.write(`${lines.join('\n')}\n`)) await once(process.stdout, 'drain');
  };
  return {
    page,
    lines: write,
    json: (values) => write(values.map((value) => jsonText(value))),
  };
}
