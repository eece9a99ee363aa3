import { mkdirSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { hasBrowser, useBrowser } from '../support/browser.ts';
import { until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { writeExecutions } from '../support/seed.ts';
import { story } from '../support/story.ts';

/** `make screenshots` takes them again. */
const isWanted = process.env['HOOKBUS_TEST_SCREENSHOTS'] === '1' && hasBrowser;

const FOLDER = 'docs/assets';
const MAX_BYTES = 150_000;

/** When the story ends: the pictures are the same on each day. */
const NOW = Date.parse('2026-03-12T16:40:05Z');

/** Moves the clock of the daemon to that moment. */
const CLOCK = `data:text/javascript,${encodeURIComponent(`
  const Real = Date;
  const ahead = ${NOW} - Real.now();
  globalThis.Date = class extends Real {
    constructor(...words) { super(...(words.length === 0 ? [Real.now() + ahead] : words)); }
    static now() { return Real.now() + ahead; }
  };`)}`;

interface Picture {
  readonly name: string;
  readonly address: string;
  /** What is there once the view is complete. */
  readonly ready: string;
  readonly isDark?: boolean;
  readonly width?: number;
  readonly height?: number;
}

const OVERVIEW = { address: '#/', ready: '#latest-table tbody tr' };
const PICTURES: readonly Picture[] = [
  { name: 'dashboard', ...OVERVIEW, height: 800 },
  { name: 'dashboard-dark', ...OVERVIEW, isDark: true, height: 800 },
  { name: 'dashboard-phone', ...OVERVIEW, width: 390, height: 844 },
  {
    name: 'dashboard-hook',
    address: '#/hook/protect_secrets?event=PreToolUse',
    ready: '#view-hook [data-chart=outcomes] canvas',
  },
  { name: 'dashboard-session', address: '#/sessions', ready: '#sessions-table th a' },
];

/** Whether both charts of the view have colours. */
const IS_DRAWN = `[...document.querySelectorAll('.view:not([hidden]) canvas')].length === 2 &&
  [...document.querySelectorAll('.view:not([hidden]) canvas')].every((canvas) =>
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean))`;

/** Follows the first link of the list of sessions, whose id is not in the address yet. */
async function openSession(page: Page): Promise<void> {
  await page.locator('#sessions-table th a').first().click();
  await page.locator('#view-session time, #view-session .track').first().waitFor();
}

describe('the screenshots of the docs', () => {
  const browser = isWanted ? useBrowser() : undefined;

  it.runIf(isWanted)('are taken', { timeout: 120_000 }, async () => {
    const { newUrl, origin } = await aDashboard(({ paths, env }) => {
      Object.assign(env, { NODE_OPTIONS: `--import=${CLOCK}`, TZ: 'UTC' });
      writeExecutions(paths.database, story(NOW));
    });
    mkdirSync(FOLDER, { recursive: true });
    for (const { name, address, ready, ...look } of PICTURES) {
      const opened = await browser?.open(await newUrl(), look);
      if (opened === undefined) throw new Error('expected a browser');
      const { page } = opened;
      await page.locator('#cards .card').first().waitFor();
      await page.clock.setFixedTime(NOW);
      await page.goto(`${origin}/${address}`);
      await page.reload();
      await page.locator(ready).first().waitFor();
      if (name === 'dashboard-session') await openSession(page);
      await page.getByText('live', { exact: true }).waitFor();
      await page.evaluate('document.activeElement.blur()');
      if (!address.startsWith('#/sessions'))
        await until('the charts', () => page.evaluate(IS_DRAWN) as Promise<boolean>);
      await page.screenshot({ path: `${FOLDER}/${name}.png`, animations: 'disabled' });
      await opened.expectClean();
      await page.context().close();
    }
  });

  it.each(PICTURES)('$name is there and small', ({ name }) => {
    const bytes = readFileSync(`${FOLDER}/${name}.png`);
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(bytes.length).toBeLessThan(MAX_BYTES);
  });
});
