import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askDashboard } from '../../src/daemon/client/client.ts';
import { hasBrowser, inBrowser, useBrowser } from '../support/browser.ts';
import { until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { freePort } from '../support/free-port.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { makeState } from '../support/state.ts';

const newOnes = (...hookNames: string[]) =>
  hookNames.map((hookName) =>
    recordedOf(anExecution({ hookName, createdAt: new Date().toISOString() })),
  );

const says = (page: Page, text: string) =>
  page.locator('#connection').getByText(text, { exact: true }).waitFor({ timeout: 8000 });

const listed = (page: Page, hookName: string) =>
  page.locator('#feed-table').getByRole('link', { name: hookName }).waitFor({ timeout: 8000 });

const toFeed = (page: Page) => page.getByRole('link', { name: 'Live feed' }).click();

/** Simulates a switch to another tab, which a headless browser does not report to its pages. */
const setHidden = (page: Page, isHidden: boolean) =>
  page.evaluate(`(() => {
    const value = ${isHidden};
    Object.defineProperty(document, 'hidden', { configurable: true, value });
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: value ? 'hidden' : 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
  })()`);

describe.skipIf(!hasBrowser)(inBrowser('the connection of the page'), () => {
  const browser = useBrowser();

  it('works in the seventh tab, because hidden tabs disconnect, and catches up when shown', async () => {
    const { url, origin, paths } = await aDashboard();
    writeExecutions(paths.database, newOnes('before'));
    const { page: first, expectClean } = await browser.open(url);
    await says(first, 'live');
    await toFeed(first);
    await listed(first, 'before');
    await setHidden(first, true);
    await says(first, 'paused while hidden');
    for (let count = 2; count <= 7; count += 1) {
      const tab = await first.context().newPage();
      await tab.goto(origin, { timeout: 8000 });
      await says(tab, 'live');
      if (count < 7) await setHidden(tab, true);
    }
    writeExecutions(paths.database, newOnes('meanwhile'));
    expect(await first.locator('#feed-table').getByText('meanwhile').count()).toBe(0);
    await setHidden(first, false);
    await says(first, 'live');
    await listed(first, 'meanwhile');
    await expectClean();
  });

  it('reconnects to the next daemon once another tab was admitted there', async () => {
    const port = await freePort();
    const dashboard = await aDashboard(({ paths }) => {
      makeState(dirname(paths.config));
      writeFileSync(paths.config, JSON.stringify({ dashboard: { port } }));
      writeExecutions(paths.database, newOnes('before'));
    });
    const { page } = await browser.open(dashboard.url);
    await says(page, 'live');
    await toFeed(page);
    await dashboard.stop();
    await says(page, 'not connected');
    writeExecutions(dashboard.paths.database, newOnes('between'));
    await dashboard.daemon();
    const answer = await askDashboard(dashboard.paths.socket);
    if (answer === undefined || 'problem' in answer) throw new Error('expected a dashboard');
    expect(new URL(answer.url).port).toBe(String(port));
    await page.locator('#problem').getByText('The daemon of this page has stopped').waitFor();
    const other = await page.context().newPage();
    await other.goto(answer.url);
    await says(page, 'live');
    await listed(page, 'between');
    await until('no problem', () => page.locator('#problem').isHidden());
  });

  it('says that too many pages are open, and connects once there are fewer', async () => {
    const { url, port, cookie } = await aDashboard();
    const others = Array.from({ length: 16 }, () =>
      request({
        host: '127.0.0.1',
        port,
        path: '/api/feed?after=0',
        headers: { cookie },
        agent: false,
      }),
    );
    onTestFinished(() => others.forEach((other) => void other.destroy()));
    await Promise.all(
      others.map((other) => {
        other.on('error', () => undefined);
        return new Promise((resolve) => other.once('response', resolve).end());
      }),
    );
    const { page, expectClean } = await browser.open(url);
    await says(page, 'not live: too many pages are open');
    for (const other of others) other.destroy();
    await says(page, 'live');
    await expectClean();
  });

  it('starts after the newest row even if the first query fails', async () => {
    const { url, paths } = await aDashboard();
    writeExecutions(paths.database, newOnes('one', 'two', 'three'));
    const { page } = await browser.open(url);
    await says(page, 'live');
    let failures = 0;
    await page.route('**/api/choices*', (route) => {
      failures += 1;
      return failures === 1 ? route.fulfill({ status: 500, body: '' }) : route.continue();
    });
    const asked: string[] = [];
    page.on('request', (sent) => {
      if (sent.url().includes('/api/feed')) asked.push(new URL(sent.url()).search);
    });
    await page.reload();
    await says(page, 'live');
    expect(asked).toEqual(['?after=3']);
    await toFeed(page);
    await listed(page, 'three');
  });
});
