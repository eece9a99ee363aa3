import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { hasBrowser, inBrowser, useBrowser } from '../support/browser.ts';
import { until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { copyMillion, MILLION } from '../support/million.ts';

describe.skipIf(!hasBrowser)(inBrowser('a million executions'), () => {
  const browser = useBrowser();

  it('feel instant: the first chart is shown within a second, and no response takes half a second', async () => {
    const { newUrl, get, paths } = await aDashboard((state) => copyMillion(state.paths.database));
    const db = openDatabase(paths.database, 5000);
    expect(db.prepare('SELECT count(*) FROM hook_logs').pluck().get()).toBe(MILLION);
    db.close();

    const drawn: number[] = [];
    for (let visit = 0; visit < 3; visit += 1) {
      const { page, expectClean } = await browser.open(await newUrl());
      await page.locator('[data-chart=outcomes] canvas').waitFor();
      const painted = "performance.getEntriesByName('chart-painted')[0]?.startTime";
      drawn.push(
        await until('a chart', async () => (await page.evaluate(painted)) as number | undefined),
      );
      await page.locator('#hooks-table tbody tr').first().waitFor();
      await expectClean();
      await page.close();
    }
    // Use the best time: other work on the machine must not count.
    process.stderr.write(
      `million.test.ts: first chart after ${drawn.map(Math.round).join(', ')} ms\n`,
    );
    expect(Math.min(...drawn)).toBeLessThan(1000);

    const times: [ms: number, path: string][] = [];
    for (const path of [
      ...['1h', '24h', '7d', '30d'].flatMap((range) => [
        `/api/overview?range=${range}`,
        `/api/series?range=${range}`,
        `/api/series?range=${range}&hook=hook_3`,
        `/api/hook?range=${range}&name=hook_3`,
        `/api/hook?range=${range}&name=hook_12&event=PostToolUse`,
        `/api/sessions?range=${range}`,
        `/api/executions?range=${range}&status=error`,
        `/api/executions?range=${range}&decision=deny`,
        `/api/executions?range=${range}&status=failed&limit=8`,
      ]),
      // Only one of the first executions matches.
      '/api/executions?range=30d&status=breaker_skip',
      '/api/executions?range=30d&hook=hook_7&event=none',
      '/api/executions?range=30d&decision=stop',
      '/api/executions?range=30d&decision=deny&hook=hook_7&project=none',
      '/api/executions?range=30d&project=none',
      '/api/executions?range=30d&project=/home/dev/project_3&agent=none',
      '/api/executions?range=30d&session=session-25',
      '/api/session?id=session-250',
      '/api/choices',
      '/api/off-plan?hook=hook_12',
    ]) {
      let took = Number.POSITIVE_INFINITY;
      // Try up to three times, for the same reason.
      for (let time = 0; time < 3 && took >= 500; time += 1) {
        const began = performance.now();
        await get(path);
        took = Math.min(took, performance.now() - began);
      }
      times.push([took, path]);
      expect([path, took < 500]).toEqual([path, true]);
    }
    const [ms = 0, path = ''] = times.sort(([a], [b]) => b - a)[0] ?? [];
    process.stderr.write(`million.test.ts: slowest answer ${Math.round(ms)} ms, ${path}\n`);

    // An index finds rare decisions at once.
    const { rows: stopped } = await get<{ rows: unknown[] }>(
      '/api/executions?range=30d&decision=stop',
    );
    expect(stopped).toHaveLength(1);
    // Rare executions are found in steps.
    let next: string | null = '';
    let rows: unknown[] = [];
    for (let step = 0; rows.length === 0 && next !== null; step += 1) {
      const before = next === '' ? '' : `&before=${encodeURIComponent(next)}`;
      const found: { rows: unknown[]; next: string | null } = await get(
        `/api/executions?range=30d&status=breaker_skip${before}`,
      );
      ({ rows, next } = found);
      expect(step).toBeLessThan(60);
    }
    expect(rows).toHaveLength(1);
  });
});
