import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DARK, LIGHT } from '../../src/cli/output/metrics/html/style.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { barriers, browserOptions, hasBrowser, inBrowser } from '../support/browser.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';
import { story } from '../support/story.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HOUR_MS = 3_600_000;
const LONG = 'a_very_long_name_of_a_hook_that_no_column_of_a_phone_can_hold_'.repeat(3);

/** The HTML report of a few days, with one hook whose name and message are too long for any column. */
async function aReport(...words: string[]) {
  const { home, paths } = freshState();
  const long: Partial<Execution> = {
    ...{ hookName: LONG, status: 'error', exitCode: 1, error: 'x'.repeat(500), toolName: LONG },
    ...{ toolUseId: 't', sessionId: LONG, project: `/w/${LONG}`, durationMs: 9000 },
    createdAt: new Date(Date.now() - HOUR_MS).toISOString(),
  };
  const recorded = story(Date.now() - HOUR_MS, 9, 26, 60 * HOUR_MS);
  writeExecutions(paths.database, [...recorded, recordedOf(anExecution(long))]);
  const file = join(temporaryDirectory(), 'report.html');
  const { stderr } = await hookbus(['report', '--html', file, ...words], { HOOKBUS_HOME: home });
  expect(stderr).toBe('');
  return { file, recorded, html: readFileSync(file, 'utf8') };
}

const textOf = (html: string): string => html.replace(/<style>.*?<\/style>|<[^>]+>/gs, ' ');

describe('the HTML report', () => {
  it('says when, what failed and was refused, and names sessions by project and time', async () => {
    const { html, recorded } = await aReport('7d');
    const text = textOf(html);
    expect(html).toMatch(/<title>What hooks did, \d+ \w{3} – \d+ \w{3} \d{4}<\/title>/);
    expect(text).toMatch(/Executions from [-\d]+ [:\d]+ to [-\d]+ [:\d]+, local time/);
    const failures = recorded.filter(({ execution }) => execution.hookName === 'notify_slack');
    expect(text).toMatch(
      new RegExp(
        `notify_slack\\s+Stop\\s+KeyError: &#39;SLACK_WEBHOOK_URL&#39;\\s+${failures.length} `,
      ),
    );
    expect(text).toMatch(
      /guard_rm\s+PreToolUse\s+rm -rf outside the project is not allowed\s+\d+ /,
    );
    expect(text).toMatch(/shop-api, \d+ \w{3} \d\d:\d\d/);
    expect(text).not.toMatch(/[\da-f]{8}-41ab/);
    // Calls of one kind are one row.
    expect(text).toMatch(/Edit\s+PostToolUse\s+eslint\s+\d{2}\s/);
    expect(html.match(/<tr>/g)?.length ?? 0).toBeLessThan(60);
    const bars = [...html.matchAll(/<title>[^<]*: ([^<]*)<\/title>/g)].map(
      ([, counts]) => counts ?? '',
    );
    const drawn = bars.flatMap((counts) => [
      ...counts.matchAll(/([\d,]+) (?:ok|failed|refused|skipped)/g),
    ]);
    const sum = drawn.reduce((total, [, count = '']) => total + Number(count.replace(',', '')), 0);
    expect(sum).toBe(recorded.length + 1);
  });

  it('of one session names it, and has no list of sessions', async () => {
    const text = textOf((await aReport('--session', LONG.slice(0, 20))).html);
    expect(text).toMatch(new RegExp(`What hooks did in ${LONG}, \\d+ \\w{3} \\d\\d:\\d\\d`));
    expect(text).toContain('No hook refused anything.');
    expect(text).not.toContain('The sessions that waited longest');
  });

  it('has the colours of the page', () => {
    const css = readFileSync('src/dashboard/page/styles/colours.css', 'utf8');
    const blocks = css.split('}');
    for (const [block = '', colours] of [
      [blocks[0], LIGHT],
      [blocks[1], DARK],
    ] as const) {
      for (const [name, value] of Object.entries(colours))
        expect(block).toContain(`--${name}: ${value};`);
    }
  });

  it.skipIf(!hasBrowser)(
    inBrowser('fits a phone and a desk, can be read by everybody, and runs and loads nothing'),
    async () => {
      const { file } = await aReport('7d');
      const browser = await chromium.launch(browserOptions());
      onTestFinished(() => browser.close());
      for (const [width, colorScheme] of [
        [390, 'light'],
        [1280, 'dark'],
      ] as const) {
        const context = await browser.newContext({
          viewport: { width, height: 900 },
          colorScheme,
          bypassCSP: true,
        });
        const page = await context.newPage();
        const asked: string[] = [];
        page.on('request', (request) => asked.push(request.url()));
        await page.goto(`file://${file}`);
        expect(asked).toEqual([`file://${file}`]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
        expect(await page.locator('svg rect').count()).toBeGreaterThan(10);
        expect(await barriers(page)).toEqual([]);
        await page.emulateMedia({ media: 'print' });
        expect(await page.evaluate('getComputedStyle(document.body).color')).toBe(
          'rgb(21, 24, 30)',
        );
      }
    },
    60_000,
  );
});
