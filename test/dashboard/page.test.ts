import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatBytes, formatCount, formatMs } from '../../src/format.ts';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { barriers, browserOptions, hasBrowser, inBrowser, useBrowser } from '../support/browser.ts';
import { CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { workdays } from '../support/workdays.ts';

const PROGRAM = hasLauncher ? [LAUNCHER] : [process.execPath, CLI];

/** The screenshot of the docs; taken if it is missing, or with HOOKBUS_TEST_SCREENSHOT=1. */
const SCREENSHOT = 'docs/assets/dashboard.png';

const rows = (page: Page) => page.locator('#feed-table tbody tr:not(.none)');

/**
 * How many pixels of the chart have the colour of the line, including the half-transparent ones at its edges: the number
 * of full ones depends on where the time of day puts the line.
 */
const painted = (page: Page, chart: string): Promise<number> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('#${chart} canvas');
    if (canvas === null) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const line = getComputedStyle(document.documentElement).getPropertyValue('--line-1').trim();
    const wanted = [1, 3, 5].map((at) => parseInt(line.slice(at, at + 2), 16));
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] > 127 && wanted.every((part, index) => Math.abs(data[at + index] - part) < 4)) count += 1;
    return count;
  })()`) as Promise<number>;

/** A hook of `workdays` that never refuses. */
const LINT = {
  hookName: 'lint',
  command: '.claude/hooks/lint',
};

/** A page with some days of executions. */
async function aPage(
  browser: ReturnType<typeof useBrowser>,
  { sessions = 6, calls = 40, ...options }: Record<string, number | boolean> = {},
) {
  const dashboard = await aDashboard(({ paths }) =>
    writeExecutions(paths.database, workdays(Date.now(), Number(sessions), Number(calls))),
  );
  const opened = await browser.open(dashboard.url, options);
  await rows(opened.page).first().waitFor();
  return { ...dashboard, ...opened };
}

describe.skipIf(!hasBrowser)(inBrowser('the page'), () => {
  const browser = useBrowser();

  it('says what to do if nothing is recorded, and shows the first execution as it comes', async () => {
    const { url, env } = await aDashboard();
    const { page, expectClean } = await browser.open(url);
    await page.getByText('hookbus install --enable').waitFor();
    expect(await page.locator('#glance').isVisible()).toBe(false);
    expect(await barriers(page)).toEqual([]);
    await page.getByText('live', { exact: true }).waitFor();
    const hook = start(
      [...PROGRAM, 'run', '--name', 'first', '--event', 'Stop', '--', 'true'],
      env,
    );
    expect((await hook.ended).code).toBe(0);
    await page.locator('#feed-table').getByRole('link', { name: 'first' }).waitFor();
    await page.locator('#cards').getByText('Executions').waitFor();
    expect(await page.locator('#empty').isVisible()).toBe(false);
    await expectClean();
  });

  it('shows an execution as soon as it has finished, and charts, hooks and overhead', async () => {
    const { page, env, expectClean } = await aPage(browser);
    await page.getByText('live', { exact: true }).waitFor();
    const began = performance.now();
    await start([...PROGRAM, 'run', '--name', 'brand-new', '--event', 'Stop', '--', 'true'], env)
      .ended;
    await rows(page).first().getByRole('link', { name: 'brand-new' }).waitFor();
    expect(performance.now() - began).toBeLessThan(2000);
    for (const chart of ['chart-times', 'chart-rates']) {
      await until(`${chart} to be painted`, async () => (await painted(page, chart)) > 200);
    }
    const glance = await page.locator('#cards').textContent();
    expect(glance).toMatch(/Executions1,\d+/);
    expect(glance).toMatch(
      /Overhead P95\d\.\d+ msmeasured inside; target for the caller: under 10 ms/,
    );
    expect(await page.locator('#hooks-table tbody tr').count()).toBeGreaterThanOrEqual(5);
    await expectClean();
  });

  it('draws charts of one hook and of each range, with the same values in a table', async () => {
    const { page, get, expectClean } = await aPage(browser);
    await page.locator('#chart-hook option[value=lint]').waitFor({ state: 'attached' });
    await page.selectOption('#chart-hook', 'lint');
    await page.locator('#chart-table summary').click();
    const series = await get<{ runs: number[] }>('/api/series?range=24h&hook=lint');
    const filled = series.runs.filter((runs) => runs > 0).length;
    const table = page.locator('#chart-table tbody tr');
    await until('the table', async () => Math.abs((await table.count()) - filled) <= 1);
    for (const [range, note] of [
      ['1h', /of 1 min each/],
      ['7d', /of 1 h each.*rollups/],
      ['30d', /of 6 h each.*rollups/],
    ] as const) {
      await page.check(`input[value="${range}"]`);
      await page.locator('#chart-note').getByText(note).waitFor();
    }
    await until('a chart of 30 days', async () => (await painted(page, 'chart-times')) > 10);
    await expectClean();
  });

  it('filters recorded and new executions by hook, event, status and session', async () => {
    const { page, env, expectClean } = await aPage(browser);
    const cells = (column: number) => page.locator(`#feed-table tbody tr > :nth-child(${column})`);
    const only = async (column: number, wanted: RegExp): Promise<void> => {
      await until(`only ${wanted}`, async () => {
        const texts = await cells(column).allInnerTexts();
        return texts.length > 0 && texts.every((text) => wanted.test(text));
      });
    };
    await page.locator('#filters option[value=lint]').waitFor({ state: 'attached' });
    const hook = page.locator('#filters select[name=hook]');
    await hook.selectOption('lint');
    await only(2, /^lint$/);
    await hook.selectOption('');
    await page.locator('#filters select[name=status]').selectOption('blocked');
    await only(5, /^blocked/);
    await page.locator('#filters select[name=event]').selectOption('PreToolUse');
    await only(3, /^PreToolUse$/);
    await page.locator('#filters select[name=status]').selectOption('timeout');
    await page.getByText('No matching execution in the time range.').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.locator('#filters input').fill('5e552');
    await only(10, /^5e552/);
    await page.locator('#filters input').fill('');
    await hook.selectOption('guard_rm');
    await only(2, /^guard_rm$/);
    const run = (name: string) =>
      start([...PROGRAM, 'run', '--name', name, '--event', 'Stop', '--', 'sh', '-c', 'exit 3'], env)
        .ended;
    await run('other');
    await run('guard_rm');
    await page.locator('#feed-table tr.new').first().waitFor();
    await only(2, /^guard_rm$/);
    await page.getByRole('button', { name: 'Pause' }).click();
    await run('guard_rm');
    await page.getByRole('button', { name: 'Resume (1 new)' }).click();
    await until(
      'both new rows',
      async () => (await page.locator('#feed-table tr.new').count()) === 2,
    );
    await expectClean();
  });

  it('shows sizes, times and durations as the terminal does', async () => {
    const { page, expectClean } = await aPage(browser);
    const numbers = [0, 0.04, 0.994, 9.996, 48.25, 999.6, 1023, 1024, 20_015, 125_000, 4e9];
    const shown = (await page.evaluate(`import('/format.js').then(({ ms, bytes, count }) =>
      ${JSON.stringify(numbers)}.map((value) => [ms(value), bytes(value), count(value)]))`)) as string[][];
    expect(shown).toEqual(
      numbers.map((value) => [formatMs(value), formatBytes(value), formatCount(value)]),
    );
    expect(shown[7]).toEqual(['1.02 s', '1.0 kB', '1,024']);
    await expectClean();
  });

  it('shows a session as a waterfall in which parallel hooks overlap', async () => {
    const { page, expectClean } = await aPage(browser);
    const link = page.locator('#sessions-table').getByRole('link').first();
    const session = (await link.textContent()) ?? '';
    await link.click();
    await page.locator('#waterfall-title').getByText(session).waitFor();
    const call = page.locator('#waterfall-table tbody').filter({ hasText: 'toolu_5_3' }).first();
    const bars = await Promise.all(
      (await call.locator('.span').all()).map(
        async (bar) => (await bar.boundingBox()) ?? { x: 0, width: 0 },
      ),
    );
    expect(bars).toHaveLength(5);
    const [guard, scan, format] = bars;
    if (guard === undefined || scan === undefined || format === undefined)
      throw new Error('expected bars');
    // The two hooks before the tool call run in parallel; the hook after it runs later.
    expect(scan.x).toBeLessThan(guard.x + guard.width);
    expect(format.x).toBeGreaterThan(scan.x + scan.width);
    await call.getByRole('link', { name: 'lint' }).click();
    await page.getByRole('heading', { name: /^lint, execution/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await page.locator('#waterfall').isVisible()).toBe(false);
    await expectClean();
  });

  it('shows one execution with its payloads decoded', async () => {
    const { url } = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, [
        recordedOf(
          anExecution({ createdAt: new Date().toISOString(), status: 'error', error: 'KeyError' }),
          [
            {
              stream: 'stdin',
              encoding: 'identity',
              truncated: false,
              body: Buffer.from('{"tool_input":{"a":1}}'),
            },
            {
              stream: 'stdout',
              encoding: 'identity',
              truncated: true,
              body: Buffer.from([0, 1, 2, 255]),
            },
          ],
        ),
      ]),
    );
    const { page, expectClean } = await browser.open(url);
    await rows(page).getByRole('link', { name: 'guard_rm' }).click();
    const body = page.locator('#execution-body');
    await body.getByText('KeyError').waitFor();
    expect(await body.getByLabel('stdin').textContent()).toBe(
      '{\n  "tool_input": {\n    "a": 1\n  }\n}',
    );
    expect(await body.getByLabel('stdout').textContent()).toMatch(/^00000000 {2}00 01 02 ff /);
    expect(await body.textContent()).toContain('only the beginning of the stream is stored');
    expect(await barriers(page)).toEqual([]);
    await expectClean();
  });

  it('switches a hook off and on', async () => {
    const { page, paths, expectClean } = await aPage(browser);
    const gate = () => readGate(gatePath(paths.gates, LINT));
    await page.getByRole('button', { name: 'Switch lint off' }).click();
    const { kind, untilMs } = await until('the gate', gate);
    expect(kind).toBe('off');
    expect(untilMs).toBeGreaterThan(Date.now() + 3_500_000);
    await page.locator('#gates').getByText('lint').first().waitFor();
    await page.locator('#gates').getByRole('button', { name: 'Switch lint on' }).click();
    await until('no gate', () => gate() === undefined);
    await page.locator('#gates').getByText('none').waitFor();
    await expectClean();
  });

  it('asks before it switches a guard off, with the same text as the command', async () => {
    const { page, paths, answerWith } = await aPage(browser);
    const guard = { hookName: 'guard_rm', command: '.claude/hooks/guard_rm' };
    const gate = () => readGate(gatePath(paths.gates, guard));
    await page.selectOption('#off-for', { label: '7 days' });
    const off = page.getByRole('button', { name: 'Switch guard_rm off' });
    const refusing = answerWith(false);
    await off.click();
    expect(await refusing).toMatch(
      /^guard_rm .*; while it is off, it refuses nothing\.\n\nSwitch guard_rm off for 7 days\?$/,
    );
    expect(gate()).toBeUndefined();
    const agreeing = answerWith(true);
    await off.click();
    await agreeing;
    const { untilMs } = await until('the gate', gate);
    expect(untilMs).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
  });

  it('keeps the focus when a hook is switched and when the page refreshes', async () => {
    const { page, paths, expectClean } = await aPage(browser);
    const focused = () => page.evaluate('document.activeElement.textContent') as Promise<string>;
    await page.getByRole('button', { name: 'Switch lint off' }).press('Enter');
    await page.locator('#gates').getByText('lint').first().waitFor();
    await until('the focus on the same hook', async () => (await focused()) === 'Switch lint on');
    expect(await page.evaluate("document.activeElement.closest('table')?.id")).toBe('hooks-table');
    const on = page.locator('#gates').getByRole('button', { name: 'Switch lint on' });
    // First in the table, which has the focus, then in the list of gates.
    for (const [part, focus] of [
      ['#hooks-table', () => undefined],
      ['#cards', () => on.focus()],
    ] as const) {
      await focus();
      const before = await page.locator(part).textContent();
      writeExecutions(paths.database, [
        recordedOf(anExecution({ createdAt: new Date().toISOString() })),
      ]);
      await until(
        `news in ${part}`,
        async () => (await page.locator(part).textContent()) !== before,
      );
      expect(await focused()).toBe('Switch lint on');
    }
    expect(await page.evaluate("document.activeElement.closest('#gates') !== null")).toBe(true);
    await on.press('Enter');
    await page.locator('#gates').getByText('none').waitFor();
    await until(
      'the focus on the same hook',
      async () =>
        (await page.evaluate("document.activeElement.getAttribute('aria-label')")) ===
        'Switch lint off',
    );
    await expectClean();
  });

  it('says how many executions of an hour are not drawn', async () => {
    const at = new Date(Date.now() - 60_000).toISOString();
    const { url } = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, [
        ...Array.from({ length: 42 }, () => recordedOf(anExecution({ createdAt: at }))),
        ...Array.from({ length: 10_000 }, (_, index) =>
          recordedOf(
            anExecution({ createdAt: new Date(Date.now() - 30_000 + index).toISOString() }),
          ),
        ),
      ]),
    );
    const { page } = await browser.open(url);
    await page.check('input[value="1h"]');
    await page
      .locator('#chart-note')
      .getByText('Only the newest 10,000 executions are drawn; 42 are omitted.')
      .waitFor({ timeout: 8000 });
  });

  it('shows recorded HTML as text everywhere', async () => {
    const evil =
      '<img src=x onerror="globalThis.owned=1"></script><script>globalThis.owned=1</script>';
    const { url } = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, [
        recordedOf(
          anExecution({
            hookName: evil,
            eventType: evil,
            toolName: evil,
            sessionId: evil,
            toolUseId: evil,
            cwd: evil,
            command: evil,
            status: 'error',
            error: evil,
            decision: 'deny',
            decisionReason: evil,
            subagent: evil,
            project: evil,
            agentVariables: evil,
            dedupeKey: evil,
            createdAt: new Date().toISOString(),
          }),
          (['stdin', 'stdout', 'stderr'] as const).map((stream) => ({
            stream,
            encoding: 'identity',
            truncated: false,
            body: Buffer.from(evil),
          })),
        ),
      ]),
    );
    const { page, expectClean, answerWith } = await browser.open(url);
    await rows(page).getByRole('link', { name: evil }).waitFor();
    await page.locator('#sessions-table').getByRole('link', { name: evil }).click();
    await page.locator('#waterfall-table').getByText(evil).first().waitFor();
    await page.locator('#hooks-table').getByText(evil).first().waitFor();
    await page.selectOption('#chart-hook', evil);
    const asked = answerWith(true);
    await page.getByRole('button', { name: `Switch ${evil} off` }).click();
    expect(await asked).toContain(evil);
    await page.locator('#gates').getByText(evil).first().waitFor();
    await page.locator('#filters select[name=project]').selectOption(evil);
    await rows(page).getByRole('link', { name: evil }).click();
    await page.locator('#execution-body').getByLabel('Reason').getByText(evil).waitFor();
    await page.locator('#execution-body').getByLabel('stdin').getByText(evil).waitFor();
    expect(await page.evaluate('globalThis.owned')).toBeUndefined();
    expect(await page.locator('img, main script, dialog script').count()).toBe(0);
    await expectClean();
  });

  it.each([false, true])('is accessible, dark: %s', async (isDark) => {
    const { page, expectClean } = await aPage(browser, { isDark, sessions: 1, calls: 3 });
    await page.locator('#hooks-table tbody tr').first().waitFor();
    await page.locator('#sessions-table').getByRole('link').first().click();
    await page.locator('#waterfall-table .span').first().waitFor();
    await page.locator('#chart-table summary').click();
    expect(await barriers(page)).toEqual([]);
    const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const before = await back();
    await page.selectOption('#theme', isDark ? 'light' : 'dark');
    expect(await back()).not.toBe(before);
    expect(await barriers(page, ['color-contrast'])).toEqual([]);
    await expectClean();
  });

  it('works with the keyboard alone, and shows the focus', async () => {
    const { page, expectClean } = await aPage(browser);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the live feed');
    await page.keyboard.press('Enter');
    await page.locator('#feed').evaluate('(feed) => feed === document.activeElement');
    const reached = new Set<unknown>();
    while (!reached.has('link') && reached.size < 12) {
      await page.keyboard.press('Tab');
      const { name, outline } = (await page.evaluate(
        `(({ id, name, href, tagName }) => ({
           name: id || name || (href ? 'link' : tagName),
           outline: getComputedStyle(document.activeElement).outlineStyle,
         }))(document.activeElement)`,
      )) as { name: string; outline: string };
      reached.add(name);
      expect([name, outline]).toEqual([name, 'solid']);
    }
    expect([...reached]).toEqual(
      expect.arrayContaining(['pause', 'hook', 'event', 'status', 'session', 'link']),
    );
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await until(
      'the focus to be back',
      () =>
        page.evaluate(
          "document.activeElement.getAttribute('href')?.startsWith('#/execution/')",
        ) as Promise<boolean>,
    );
    await expectClean();
  });

  it('says that its daemon has stopped', async () => {
    const { page, stop } = await aPage(browser);
    await page.getByText('live', { exact: true }).waitFor();
    await stop();
    await page.getByText('not connected').waitFor();
  });

  it('refuses a browser without the cookie, which scripts cannot read', async () => {
    const { page, origin, newUrl } = await aPage(browser);
    expect(page.url()).toBe(`${origin}/`);
    expect(await page.evaluate('document.cookie')).toBe('');
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    const other = await browser.open(origin);
    expect(await other.page.textContent('body')).toContain(
      'Run `hookbus dashboard` and open the URL',
    );
    // Another name that resolves here is another host for the browser, and for us.
    const { port, search } = new URL(await newUrl());
    const reply = await page
      .context()
      .request.get(`http://127.0.0.1:${port}/${search}`, { headers: { host: 'evil.example' } });
    expect(reply.status()).toBe(403);
  });

  it('works in several tabs, and again with the same URL or another', async () => {
    const { page, url, origin, newUrl } = await aPage(browser);
    for (const address of [url, origin, await newUrl(), url]) {
      const tab = await page.context().newPage();
      await tab.goto(address);
      await tab.getByText('live', { exact: true }).waitFor();
      expect(tab.url()).toBe(`${origin}/`);
    }
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
  });

  it('does not send its cookie to other servers of this machine', async () => {
    const { page, port } = await aPage(browser);
    const seen: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      seen.push(headers.cookie);
      response.setHeader('Content-Type', 'text/html').end('<img src="/again">');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port: other } = server.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost', 'x.localhost']) {
      const tab = await page.context().newPage();
      await tab.goto(`http://${host}:${other}/`);
    }
    expect(seen.length).toBeGreaterThanOrEqual(6);
    expect(seen.filter((cookie) => cookie?.includes(`hookbus_${port}`))).toEqual([]);
    expect(seen.filter((cookie) => cookie !== undefined)).toEqual([]);
  });

  it('leaves no valid code in the profile of the browser', async () => {
    const { url, send, token } = await aDashboard();
    const profile = temporaryDirectory();
    const context = await chromium.launchPersistentContext(profile, browserOptions());
    const page = await context.newPage();
    await page.goto(url);
    await page.getByText('live', { exact: true }).waitFor();
    await context.close();
    const files = readdirSync(profile, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    const code = new URL(url).searchParams.get('code') ?? '';
    // Check that the search covers the place of the code.
    expect(files.some((bytes) => bytes.includes(new URL(url).hostname))).toBe(true);
    expect(files.filter((bytes) => bytes.includes(token))).toEqual([]);
    expect((await send(`/?code=${code}`)).status).toBe(403);
  });

  it('admits a browser that follows a link of another site, and keeps the code out of its history', async () => {
    const { origin, url } = await aDashboard();
    const site = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<a href="${url}">the dashboard</a>`);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void site.close());
    const { port } = site.address() as AddressInfo;
    // For the browser, another name is another site.
    const { page } = await browser.open(`http://localhost:${port}/`);
    await page.getByRole('link').click();
    await page.getByText('live', { exact: true }).waitFor({ timeout: 8000 });
    expect(page.url()).toBe(`${origin}/`);
    await page.goBack();
    expect(page.url()).toBe(`http://localhost:${port}/`);
  });

  it('has a screenshot in the docs', async () => {
    const isWanted = process.env['HOOKBUS_TEST_SCREENSHOT'] === '1' || !existsSync(SCREENSHOT);
    const { page, expectClean } = await aPage(browser, { height: 1400 });
    await until('charts', async () => (await painted(page, 'chart-times')) > 100);
    await page.locator('#sessions-table').getByRole('link').first().waitFor();
    await page.getByRole('button', { name: 'Switch log_event off' }).click();
    await page.locator('#gates').getByText('log_event').first().waitFor();
    if (isWanted) {
      mkdirSync(dirname(SCREENSHOT), { recursive: true });
      await page.screenshot({ path: SCREENSHOT });
    }
    expect(readFileSync(SCREENSHOT).subarray(1, 4).toString()).toBe('PNG');
    await expectClean();
  });
});
