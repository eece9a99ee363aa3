import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Execution } from '../../src/domain/execution.ts';
import { writeGate } from '../../src/gates/gate-writer.ts';
import { openDatabase } from '../../src/store/database.ts';
import { barriers, hasBrowser, inBrowser, useBrowser } from '../support/browser.ts';
import { until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';

/** `count` executions, one second apart; the last one starts now. */
const many = (count: number, hookName: string) =>
  Array.from({ length: count }, (_, index) =>
    recordedOf(
      anExecution({
        hookName,
        createdAt: new Date(Date.now() - (count - 1 - index) * 1000).toISOString(),
      }),
    ),
  );

const rows = (page: Page) => page.locator('#feed-table tbody tr:not(.none)');

const ids = (page: Page): Promise<number[]> =>
  page.evaluate(
    "[...document.querySelectorAll('#feed-table [data-id]')].map(({ dataset }) => Number(dataset.id))",
  );

const names = (page: Page): Promise<string[]> =>
  page.evaluate(
    "[...document.querySelectorAll('#feed-table tbody th')].map(({ textContent }) => textContent)",
  );

async function toFeed(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Live feed' }).click();
  await rows(page).first().waitFor();
}

describe.skipIf(!hasBrowser)(inBrowser('the list of executions'), () => {
  const browser = useBrowser();

  /** A live page with these executions. */
  async function aList(count: number, hookName = 'old') {
    const dashboard = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, many(count, hookName)),
    );
    const opened = await browser.open(dashboard.url);
    await toFeed(opened.page);
    await opened.page.getByText('live', { exact: true }).waitFor();
    const write = (more: number, name: string) =>
      writeExecutions(dashboard.paths.database, many(more, name));
    return { ...dashboard, ...opened, write };
  }

  it('shows a skipped guard in the list, beside the hook, in the execution and as an alert', async () => {
    const dashboard = await aDashboard(({ paths }) => {
      const skipped = {
        hookName: 'guard',
        eventType: 'PreToolUse',
        status: 'breaker_skip',
      } as const;
      const createdAt = new Date().toISOString();
      const of = (what: object) =>
        recordedOf(
          anExecution({ ...skipped, error: 'off', exitCode: undefined, createdAt, ...what }),
        );
      writeExecutions(paths.database, [
        of({}),
        of({ hookName: 'format', eventType: 'PostToolUse' }),
      ]);
    });
    const { page, expectClean } = await browser.open(dashboard.url);
    await page.locator('#hooks-table').getByText('skipped once, so it refused nothing').waitFor();
    await page
      .locator('#health')
      .getByText(/^guard .*was skipped 1 time /)
      .waitFor();
    await toFeed(page);
    const said = 'did not run, so it refused nothing';
    expect(await page.locator('#feed-table').getByText(said).count()).toBe(1);
    await page.locator('#feed-table tr', { hasText: said }).locator('time').click();
    await page.locator('#execution-body').getByText(said).waitFor();
    await expectClean();
  });

  it('shows decisions with their reasons, and filters by decision, project and agent', async () => {
    const reason = 'rm -rf <b>build</b> is not allowed\nAsk first.';
    const createdAt = new Date().toISOString();
    const of = (what: Partial<Execution>) => recordedOf(anExecution({ createdAt, ...what }));
    const refusal = {
      hookName: 'guard',
      decision: 'deny',
      decisionReason: reason,
      contextChars: 1234,
      sessionId: 'abc',
      agent: 'claude',
      subagent: 'Explore',
      project: '/home/dev/app',
    } satisfies Partial<Execution>;
    const dashboard = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, [
        of(refusal),
        of({ hookName: 'allows', decision: 'allow', agent: 'codex', project: '/home/dev/api' }),
        of({ hookName: 'format', eventType: 'PostToolUse', status: 'blocked', exitCode: 2 }),
      ]),
    );
    const { page, expectClean } = await browser.open(dashboard.url);
    const cell = (name: string, column: string) =>
      page
        .locator('#hooks-table tbody tr')
        .filter({ hasText: name })
        .locator(`[data-label=${column}]`);
    expect(await cell('guard', 'Denied').textContent()).toBe('1');
    expect(await cell('format', 'Denied').textContent()).toBe('0');
    expect(await page.locator('#cards').textContent()).toContain('Refusals1guard 1');
    await page
      .locator('#latest-table')
      .getByText('rm -rf <b>build</b> is not allowed · Ask first.')
      .waitFor();
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page
      .locator('#sessions-table [data-label=Denied]')
      .getByText('1', { exact: true })
      .waitFor();
    await toFeed(page);
    await page.locator('#feed-table').getByText('rm -rf <b>build</b> is not allowed').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    const filter = (name: string) => page.locator(`#filters select[name=${name}]`);
    const shown = async (expected: readonly string[]) =>
      until(`${expected}`, async () => `${(await names(page)).sort()}` === `${expected}`);
    for (const [name, value, expected] of [
      ['decision', 'deny', ['guard']],
      ['project', '/home/dev/api', ['allows']],
      ['agent', 'claude', ['guard']],
    ] as const) {
      await filter(name).locator(`option[value="${value}"]`).waitFor({ state: 'attached' });
      await filter(name).selectOption(value);
      await shown(expected);
      await page.getByRole('button', { name: 'Clear' }).click();
      await shown(['allows', 'format', 'guard']);
    }
    // What comes in is filtered in the same way.
    await filter('decision').selectOption('deny');
    await shown(['guard']);
    writeExecutions(dashboard.paths.database, [of({}), of({ ...refusal, hookName: 'second' })]);
    await shown(['guard', 'second']);
    await page.locator('#feed-table tr', { hasText: 'second' }).locator('time').click();
    const body = page.locator('#execution-body');
    expect(await body.getByLabel('Reason').textContent()).toBe(reason);
    const fields = (await body.locator('.fields').textContent()) ?? '';
    for (const text of ['Decisiondeny', 'Context1,234 characters', 'Project/home/dev/app'])
      expect(fields).toContain(text);
    for (const text of ['Agentclaude', 'SubagentExplore']) expect(fields).toContain(text);
    expect(await barriers(page)).toEqual([]);
    await expectClean();
  });

  it('has no gap below executions that arrived while older ones were shown', async () => {
    const { page, write, expectClean } = await aList(1000);
    const older = page.getByRole('button', { name: 'Load older executions' });
    for (const count of [400, 600]) {
      await older.click();
      await until(`${count} rows`, async () => (await rows(page).count()) === count);
    }
    for (const round of [1, 2, 3]) {
      write(60, 'new');
      await until('new rows', async () => (await ids(page))[0] === 1000 + 60 * round);
      // Rows that the user loaded stay.
      expect(await rows(page).count()).toBe(600);
    }
    for (let step = 0; await older.isVisible(); step += 1) {
      const before = await rows(page).count();
      await older.click();
      await until('more rows', async () => (await rows(page).count()) > before);
      expect(step).toBeLessThan(10);
    }
    const all = (await ids(page)).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 1180 }, (_, index) => index + 1));
    await expectClean();
  });

  it('lists after a pause what matches the current filters, each once', async () => {
    const { page, write, expectClean } = await aList(3, 'alpha');
    write(1, 'beta');
    await until('beta', async () => (await names(page)).includes('beta'));
    await page.locator('#filters option[value=alpha]').waitFor({ state: 'attached' });
    const hook = page.locator('#filters select[name=hook]');
    await page.getByRole('button', { name: 'Pause' }).click();
    write(2, 'beta');
    await page.getByRole('button', { name: 'Resume (2 new)' }).click();
    await until('both executions', async () => (await ids(page)).length === 6);
    await page.getByRole('button', { name: 'Pause' }).click();
    write(2, 'beta');
    await page.getByRole('button', { name: 'Resume (2 new)' }).waitFor();
    await hook.selectOption('alpha');
    // No kept execution matches the filters any more, and the list has the others.
    const resume = page.getByRole('button', { name: 'Resume (0 new)' });
    await resume.waitFor({ timeout: 8000 });
    write(1, 'beta');
    write(1, 'alpha');
    await page.getByRole('button', { name: 'Resume (1 new)' }).click();
    await until('alpha', async () => (await ids(page))[0] === 10);
    expect(await names(page)).toEqual(Array(4).fill('alpha'));
    await hook.selectOption('');
    await until('all executions', async () => (await ids(page)).length === 10);
    expect(new Set(await ids(page)).size).toBe(10);
    await expectClean();
  });

  it('does not lose executions that arrive while it reloads', async () => {
    const { page, write, expectClean } = await aList(3);
    let release = (): void => undefined;
    const isHeld = new Promise<void>((resolve) => {
      release = resolve;
    });
    let hasAnswer = false;
    await page.route('**/api/executions*', async (route) => {
      // Node requests it here, and does not resolve our host name.
      const { port, pathname, search, host } = new URL(route.request().url());
      const response = await route.fetch({
        url: `http://127.0.0.1:${port}${pathname}${search}`,
        headers: { ...(await route.request().allHeaders()), host },
      });
      hasAnswer = true;
      await isHeld;
      await route.fulfill({ response });
    });
    await page.check('input[value="7d"]');
    await until('a response', () => hasAnswer);
    write(1, 'late');
    await until('the new row', async () => (await names(page)).includes('late'));
    const loaded = page.waitForResponse('**/api/executions*');
    release();
    await (await loaded).finished();
    // By then the page has built its list.
    await page.evaluate(
      'new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 100))',
    );
    expect(await ids(page)).toEqual([4, 3, 2, 1]);
    await expectClean();
  });

  it('says that executions arrived too fast to show, until it reloads', async () => {
    const { page, write } = await aList(3);
    write(6000, 'fast');
    const note = page.locator('#feed-note');
    await note.getByText('came in too fast').waitFor();
    await page.check('input[value="7d"]');
    await until('the note to disappear', () => note.isHidden());
  });

  it('adds the date to times of yesterday after midnight', async () => {
    const { page, write, expectClean } = await aList(1);
    const time = page.locator('#feed-table tbody tr:last-child time');
    expect(await time.textContent()).toMatch(/^\d\d:\d\d:\d\d$/);
    const day = new Date().toISOString().slice(0, 10);
    await page.clock.setFixedTime(Date.now() + 86_400_000);
    write(1, 'new');
    await time.getByText(new RegExp(`^${day} \\d\\d:`)).waitFor({ timeout: 8000 });
    await expectClean();
  });

  it('does not say that nothing is recorded if rows were deleted, or a hook is off', async () => {
    const { page, paths } = await aList(3);
    const db = openDatabase(paths.database, 5000);
    db.exec('DELETE FROM hook_logs; DELETE FROM hook_metrics');
    db.close();
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
    expect(await page.locator('#empty').isHidden()).toBe(true);
    const { url } = await aDashboard((state) => {
      mkdirSync(state.paths.gates, { recursive: true });
      const hook = { hookName: 'lint', command: 'npx eslint' };
      writeGate(state.paths.gates, hook, { kind: 'off', untilMs: Date.now() + 60_000 });
    });
    const { page: other } = await browser.open(url);
    await other.getByText('live', { exact: true }).waitFor();
    await other.locator('#health').getByText('lint').first().waitFor({ timeout: 8000 });
    expect(await other.locator('#empty').isHidden()).toBe(true);
  });
});
