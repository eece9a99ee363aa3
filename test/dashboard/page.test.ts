import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatBytes, formatCount, formatMs } from '../../src/format.ts';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { barriers, browserOptions, hasBrowser, inBrowser, useBrowser } from '../support/browser.ts';
import { CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { story } from '../support/story.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { workdays } from '../support/workdays.ts';

const PROGRAM = hasLauncher ? [LAUNCHER] : [process.execPath, CLI];

const rows = (page: Page) => page.locator('#feed-table tbody tr:not(.none)');

/**
 * How many pixels of a chart have this colour, including the half-transparent ones at its edges: the number of full ones
 * depends on where the time of day puts the line.
 */
const painted = (page: Page, chart: string, colour: string): Promise<number> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('[data-chart=${chart}] canvas');
    if (canvas === null) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const line = getComputedStyle(document.documentElement).getPropertyValue('${colour}').trim();
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

/** The overview of some days of executions. */
async function aPage(
  browser: ReturnType<typeof useBrowser>,
  { sessions = 6, calls = 40, ...options }: Record<string, number | boolean> = {},
) {
  const dashboard = await aDashboard(({ paths }) =>
    writeExecutions(paths.database, workdays(Date.now(), Number(sessions), Number(calls))),
  );
  const opened = await browser.open(dashboard.url, options);
  await opened.page.locator('#hooks-table tbody tr').first().waitFor();
  return { ...dashboard, ...opened };
}

/** The live feed of the same. */
async function aFeed(...words: Parameters<typeof aPage>) {
  const opened = await aPage(...words);
  await opened.page.getByRole('link', { name: 'Live feed' }).click();
  await rows(opened.page).first().waitFor();
  return opened;
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
    await page.locator('#hooks-table').getByRole('link', { name: 'first' }).waitFor();
    await page.locator('#health').getByText('Healthy').waitFor();
    expect(await page.locator('#empty').isVisible()).toBe(false);
    await expectClean();
  });

  it('says what is broken, refused and slow, each with where to look', async () => {
    const { url, get } = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, story(Date.now())),
    );
    const { page, expectClean } = await browser.open(url);
    const { health, metrics } = await get<{
      health: { text: string }[];
      metrics: { denied: number };
    }>('/api/overview?range=24h');
    const [worst] = health;
    const items = page.locator('#health li');
    expect(await items.first().locator('.sentence').textContent()).toBe(worst?.text);
    expect(worst?.text).toMatch(/^notify_slack fails every time/);
    const more = page.getByRole('button', { name: /^Show \d+ more$/ });
    if (health.length > 4) await more.click();
    await until('all of it', async () => (await items.count()) === health.length);
    const cards = page.locator('#cards a');
    expect(await cards.nth(0).textContent()).toMatch(/^Failing hooks4notify_slack (\d+) of \1,/);
    expect(await cards.nth(1).textContent()).toContain(`Refusals${metrics.denied}`);
    expect(await cards.nth(2).textContent()).toMatch(/^Time agents waited\d+ min \d+ seslint /);
    expect(await cards.nth(3).textContent()).toMatch(/^Slowest hookeslintP95 /);
    for (const [name, address] of [
      [/^Failing hooks/, '#/feed?status=failed'],
      [/^Refusals/, '#/feed?decision=deny'],
      [/^Slowest hook/, '#/hook/eslint?event=PostToolUse'],
      [/^notify_slack fails/, '#/hook/notify_slack?event=Stop'],
    ] as const) {
      await page.getByRole('link', { name }).click();
      expect(new URL(page.url()).hash).toBe(address);
      await page.goBack();
    }
    const says = page.locator('#latest-table tr', { hasText: 'notify_slack' }).first();
    expect(await says.textContent()).toContain("KeyError: 'SLACK_WEBHOOK_URL'");
    const refused = page.locator('#latest-table tr.refused').first();
    expect(await refused.locator('.call').textContent()).toMatch(/^(?:Bash|Edit|Write): /);
    expect(await page.locator('#about').textContent()).toMatch(/overhead P50 0\.\d+ ms/);
    await expectClean();
  });

  it('sorts the hooks, and keeps the order in the address', async () => {
    const { page, expectClean } = await aPage(browser);
    const names = () => page.locator('#hooks-table tbody th a').allTextContents();
    const all = await names();
    await page.getByRole('button', { name: 'Hook', exact: true }).click();
    expect(await names()).toEqual([...all].sort());
    expect(new URL(page.url()).hash).toBe('#/?sort=hook');
    const heading = page.getByRole('columnheader', { name: 'Failed' });
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    const counts = (await page.locator('#hooks-table td[data-label=Failed]').allTextContents()).map(
      Number.parseFloat,
    );
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    await page.reload();
    await heading.waitFor();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    await expectClean();
  });

  it('shows an execution as soon as it has finished', async () => {
    const { page, env, expectClean } = await aFeed(browser);
    await page.getByText('live', { exact: true }).waitFor();
    const began = performance.now();
    await start([...PROGRAM, 'run', '--name', 'brand-new', '--event', 'Stop', '--', 'true'], env)
      .ended;
    await rows(page).first().getByRole('link', { name: 'brand-new' }).waitFor();
    expect(performance.now() - began).toBeLessThan(2000);
    await expectClean();
  });

  it('draws what is recorded in each range, with the values in a table and at the cursor', async () => {
    const { page, get, paths, expectClean } = await aPage(browser);
    await page.locator('#charts summary').click();
    const series = await get<{ at: number[]; ok: number[] }>('/api/series?range=24h');
    const table = page.locator('#charts tbody tr');
    const filled = series.ok.filter((count) => count > 0).length;
    await until('the table', async () => Math.abs((await table.count()) - filled) <= 1);
    for (const [chart, colour] of [
      ['outcomes', '--bar-ok'],
      ['times', '--line-1'],
    ] as const)
      await until(`${chart} to be drawn`, async () => (await painted(page, chart, colour)) > 200);
    const before = await page.locator('#charts').boundingBox();
    const plot = page.locator('[data-chart=outcomes] .u-over');
    await plot.hover();
    await page.locator('[data-chart=outcomes] .tip').getByText('refused').waitFor();
    expect(await page.locator('#charts').boundingBox()).toEqual(before);
    const { x, y, width } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0 };
    await page.mouse.move(x + width / 4, y + 50);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + 50, { steps: 3 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Show the whole range' }).click();
    // What is older makes the chart longer and coarser.
    const of = (days: number) =>
      recordedOf(
        anExecution({ createdAt: new Date(Date.now() - days * 86_400_000).toISOString() }),
      );
    writeExecutions(paths.database, [of(3), of(6)]);
    for (const [range, note] of [
      ['1h', /^A bar is 1 min\./],
      ['7d', /^A bar is 1 h\..*within 1 %/],
    ] as const) {
      await page.check(`input[value="${range}"]`);
      await page.locator('#charts .note').getByText(note).waitFor();
    }
    await until('bars', async () => (await painted(page, 'outcomes', '--bar-ok')) > 10);
    await expectClean();
  });

  it('opens each address, and goes back and forward', async () => {
    const { page, origin, expectClean } = await aPage(browser);
    const hash = () => new URL(page.url()).hash;
    await page.check('input[value="7d"]');
    expect(hash()).toBe('#/?range=7d');
    await page.getByRole('link', { name: 'Live feed' }).click();
    await page.locator('#filters option[value=lint]').waitFor({ state: 'attached' });
    await page.locator('#filters select[name=hook]').selectOption('lint');
    await page.locator('#filters select[name=event]').selectOption('PostToolUse');
    const address = '#/feed?range=7d&hook=lint&event=PostToolUse';
    expect(hash()).toBe(address);
    await rows(page).first().getByRole('link').first().click();
    await page.locator('dialog[open]').waitFor();
    expect(hash()).toMatch(/^#\/execution\/\d+\?range=7d$/);
    await page.goBack();
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    expect(hash()).toBe(address);
    await page.goBack();
    expect(await page.locator('#filters select[name=event]').inputValue()).toBe('');
    await page.goForward();
    expect(await page.locator('#filters select[name=event]').inputValue()).toBe('PostToolUse');
    const other = await page.context().newPage();
    await other.goto(`${origin}/${address}`);
    await rows(other).first().waitFor();
    expect(await other.locator('#filters select[name=hook]').inputValue()).toBe('lint');
    expect(await other.locator('input[value="7d"]').isChecked()).toBe(true);
    expect(await other.title()).toBe('Live feed · HookBus');
    // A name with anything in it, and an address that names nothing.
    for (const [asked, shown] of [
      ['#/hook/a%2Fb%3F%23%25?range=1h', 'a/b?#%'],
      ['#/hook/%E0%A4%A', '%E0%A4%A'],
      ['#/nowhere', 'Overview'],
      ['#/session', 'Overview'],
      ['#feed', 'Overview'],
    ] as const) {
      await other.goto(`${origin}/${asked}`);
      await other.locator('#title').getByText(shown).first().waitFor();
    }
    await expectClean();
  });

  it('filters recorded and new executions by hook, event, status and session', async () => {
    const { page, env, get, expectClean } = await aFeed(browser);
    const only = async (column: string, wanted: RegExp): Promise<void> => {
      await until(`only ${wanted}`, async () => {
        const texts = await page.locator(`#feed-table tbody .col-${column}`).allTextContents();
        return texts.length > 0 && texts.every((text) => wanted.test(text));
      });
    };
    await page.locator('#filters option[value=lint]').waitFor({ state: 'attached' });
    const select = (name: string, value: string) =>
      page.locator(`#filters select[name=${name}]`).selectOption(value);
    await select('hook', 'lint');
    await only('hook', /^lint$/);
    await select('hook', '');
    await select('status', 'blocked');
    await only('result', /^denied$/);
    await select('event', 'PreToolUse');
    await only('event', /^PreToolUse$/);
    await select('status', 'timeout');
    await page.getByText('No matching execution in the time range.').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await select('status', 'failed');
    await only('result', /^(?:failed|timeout)$/);
    await select('status', '');
    await page.locator('#filters input').fill('5e552');
    const { rows: found } = await get<{ rows: { id: number }[] }>(
      '/api/executions?session=5e552&range=24h',
    );
    await until('one session', async () => {
      const ids = await rows(page).evaluateAll((all) =>
        all.map((row) => row.getAttribute('data-id')),
      );
      return `${ids}` === `${found.map(({ id }) => id)}`;
    });
    await page.locator('#filters input').fill('');
    await select('hook', 'guard_rm');
    await only('hook', /^guard_rm$/);
    const run = (name: string) =>
      start([...PROGRAM, 'run', '--name', name, '--event', 'Stop', '--', 'sh', '-c', 'exit 3'], env)
        .ended;
    await run('other');
    await run('guard_rm');
    await page.locator('#feed-table tr.new').first().waitFor();
    await only('hook', /^guard_rm$/);
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
    await page.locator('#latest-table time').click();
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

  it('switches a hook off and on, after it has asked', async () => {
    const { page, paths, expectClean } = await aPage(browser);
    const gate = () => readGate(gatePath(paths.gates, LINT));
    const off = page.getByRole('button', { name: 'Switch lint off' });
    const dialog = page.getByRole('dialog', { name: 'Switch lint off?' });
    await off.click();
    await dialog.getByText('While lint is off, it does not run.').waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(gate()).toBeUndefined();
    await off.click();
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    const { kind, untilMs } = await until('the gate', gate);
    expect(kind).toBe('off');
    expect(untilMs).toBeGreaterThan(Date.now() + 3_500_000);
    await page.locator('#hooks-table').getByText('off until').waitFor();
    await page.locator('#health').getByRole('button', { name: 'Switch lint on' }).click();
    await until('no gate', () => gate() === undefined);
    await off.waitFor();
    await expectClean();
  });

  it('says what a guard refused before it switches it off', async () => {
    const { page, paths, get } = await aPage(browser);
    const guard = { hookName: 'guard_rm', command: '.claude/hooks/guard_rm' };
    const gate = () => readGate(gatePath(paths.gates, guard));
    await page.getByRole('button', { name: 'Switch guard_rm off' }).click();
    const dialog = page.locator('#off');
    const { text, refused } = await get<{ text: string; refused: unknown[] }>(
      '/api/off-plan?hook=guard_rm',
    );
    expect(text).toMatch(/^guard_rm refused \d+ calls .*; while it is off, it refuses nothing\.$/);
    await dialog.getByText(text).waitFor();
    expect(await dialog.getByText('Refusing to run: rm -rf ../build').count()).toBe(refused.length);
    await dialog.getByRole('radio', { name: '7 days' }).check();
    await dialog.getByRole('button', { name: 'Leave it on' }).click();
    expect(gate()).toBeUndefined();
    await page.getByRole('button', { name: 'Switch guard_rm off' }).click();
    await dialog.getByRole('radio', { name: '7 days' }).check();
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    const { untilMs } = await until('the gate', gate);
    expect(untilMs).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
  });

  it('keeps the focus when a hook is switched and when the page refreshes', async () => {
    const { page, paths, expectClean } = await aPage(browser);
    const label = () =>
      page.evaluate("document.activeElement.getAttribute('aria-label')") as Promise<string>;
    await page.getByRole('button', { name: 'Switch lint off' }).press('Enter');
    await page.locator('#off').getByRole('button', { name: 'Switch off' }).press('Enter');
    await until('the focus on the same hook', async () => (await label()) === 'Switch lint on');
    const on = (part: string) => page.locator(part).getByRole('button', { name: 'Switch lint on' });
    for (const part of ['#hooks-table', '#health']) {
      await on(part).focus();
      const before = await page.locator('#hooks-table').textContent();
      writeExecutions(paths.database, [
        recordedOf(anExecution({ createdAt: new Date().toISOString() })),
      ]);
      await until(
        'news in the table',
        async () => (await page.locator('#hooks-table').textContent()) !== before,
      );
      expect(await label()).toBe('Switch lint on');
      expect(await page.evaluate(`document.activeElement.closest('${part}') !== null`)).toBe(true);
    }
    await on('#health').press('Enter');
    await until('the focus on the same hook', async () => (await label()) === 'Switch lint off');
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
    await page.locator('#hooks-table tbody tr').first().waitFor();
    await page.check('input[value="1h"]');
    await page
      .locator('#charts .note')
      .getByText('Only the newest 10,000 executions are drawn; 42 are omitted.')
      .waitFor();
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
    const { page, expectClean } = await browser.open(url);
    await page.locator('#latest-table').getByText(evil).first().waitFor();
    await page.getByRole('button', { name: `Switch ${evil} off` }).click();
    await page.locator('#off').getByText(evil).first().waitFor();
    await page.locator('#off').getByRole('button', { name: 'Switch off' }).click();
    await page.locator('#health').getByText(evil).first().waitFor();
    await page.locator('#hooks-table').getByRole('link', { name: evil }).click();
    await page.locator('#title').getByText(evil).waitFor();
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.locator('#sessions-table').getByRole('link').first().click();
    await page.locator('#view-session').getByText(evil).first().waitFor();
    await page.getByRole('link', { name: 'Live feed' }).click();
    await page.locator('#filters select[name=project]').selectOption(evil);
    await rows(page).locator('time').click();
    await page.locator('#execution-body').getByLabel('Reason').getByText(evil).waitFor();
    await page.locator('#execution-body').getByLabel('stdin').getByText(evil).waitFor();
    expect(await page.evaluate('globalThis.owned')).toBeUndefined();
    expect(await page.locator('main img, main script, dialog :is(img, script)').count()).toBe(0);
    await expectClean();
  });

  it.each([
    [false, 1280],
    [true, 1280],
    [false, 390],
    [true, 390],
  ])('is accessible, dark: %s, %s pixels wide', async (isDark, width) => {
    const { url, origin } = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, story(Date.now(), 2, 6)),
    );
    const { page, expectClean } = await browser.open(url, { isDark, width });
    const isTooWide = 'document.documentElement.scrollWidth > innerWidth';
    await page.locator('#charts summary').click();
    for (const [address, ready] of [
      ['#/', '#latest-table tr'],
      ['#/feed', '#feed-table tr'],
      ['#/sessions', '#sessions-table tr'],
      ['#/execution/1', '#execution-body h3'],
    ] as const) {
      await page.goto(`${origin}/${address}`);
      await page.locator(ready).first().waitFor();
      expect([address, await barriers(page)]).toEqual([address, []]);
      expect([address, await page.evaluate(isTooWide)]).toEqual([address, false]);
    }
    await page.keyboard.press('Escape');
    const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const before = await back();
    await page.selectOption('#theme', isDark ? 'light' : 'dark');
    expect(await back()).not.toBe(before);
    expect(await barriers(page, ['color-contrast'])).toEqual([]);
    await expectClean();
  });

  it('works with the keyboard alone, and shows the focus', async () => {
    const { page, expectClean } = await aFeed(browser);
    await page.evaluate('document.activeElement.blur()');
    await page.reload();
    await rows(page).first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await until(
      'the focus on the content',
      () => page.evaluate("document.activeElement.id === 'main'") as Promise<boolean>,
    );
    expect(new URL(page.url()).hash).toBe('#/feed');
    const reached = new Set<unknown>();
    while (!reached.has('link') && reached.size < 14) {
      await page.keyboard.press('Tab');
      const { name, outline } = (await page.evaluate(
        `(({ id, name, href, tagName, nextElementSibling }) => ({
           name: id || name || (href ? 'link' : tagName),
           outline: getComputedStyle(name === 'range' ? nextElementSibling : document.activeElement).outlineStyle,
         }))(document.activeElement)`,
      )) as { name: string; outline: string };
      reached.add(name);
      expect([name, outline]).toEqual([name, 'solid']);
    }
    expect([...reached]).toEqual(
      expect.arrayContaining(['range', 'hook', 'event', 'status', 'session', 'pause', 'link']),
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
    await page.getByText('live', { exact: true }).waitFor();
    expect(page.url()).toBe(`${origin}/`);
    await page.goBack();
    expect(page.url()).toBe(`http://localhost:${port}/`);
  });
});
