import { existsSync } from 'node:fs';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, chromium, type Dialog, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';

/** How long a page on a busy machine may take to show something. */
const PATIENCE_MS = 120_000;

/** Chromium as installed by Debian and others. */
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);
export const hasBrowser = CHROMIUM !== undefined;
// Printed on stderr, since a skipped test looks much like one that passed.
if (!hasBrowser)
  process.stderr.write('there is no Chromium, so the tests of the page are skipped\n');

/** The title of tests that need a browser, with the reason if they are skipped. */
export const inBrowser = (title: string): string =>
  `${title}${hasBrowser ? '' : ' (skipped: no chromium; make setup installs it)'}`;

export const browserOptions = () => ({
  ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
  // Its sandbox does not work for root.
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});

/** One browser for the tests of a file; every page has a separate profile. */
export function useBrowser() {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch(browserOptions());
  });
  afterAll(async () => browser?.close());

  return {
    /** Opens a URL and watches for what the page must never do; `expectClean` asserts that it did not. */
    async open(url: string, { isDark = false, width = 1280, height = 900 } = {}) {
      if (browser === undefined) throw new Error('expected a browser');
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: isDark ? 'dark' : 'light',
        timezoneId: 'UTC',
      });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      const trouble: string[] = [];
      const { origin } = new URL(url);
      page.on('request', (request) => {
        if (!request.url().startsWith(`${origin}/`)) trouble.push(`asked ${request.url()}`);
      });
      page.on('pageerror', (error) => trouble.push(`failed: ${error.message}`));
      let answer: ((dialog: Dialog) => void) | undefined;
      page.on('dialog', (dialog) => {
        if (answer === undefined) trouble.push(`opened a dialog: ${dialog.message()}`);
        else answer(dialog);
        answer = undefined;
      });
      await page.addInitScript(
        `globalThis.violations = [];
         addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));`,
      );
      await page.goto(url);
      return {
        page,
        /** Answers the next question of the page; resolves to the question. */
        answerWith: (isYes: boolean): Promise<string> =>
          new Promise((resolve) => {
            answer = (dialog) => {
              void (isYes ? dialog.accept() : dialog.dismiss()).then(() =>
                resolve(dialog.message()),
              );
            };
          }),
        async expectClean(): Promise<void> {
          expect(await page.evaluate('violations')).toEqual([]);
          expect(trouble).toEqual([]);
        },
      };
    },
  };
}

const KINDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];

/**
 * Accessibility problems of the current page, found by axe-core: rule and element.
 * @param rules only these rules
 */
export async function barriers(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe.source);
  const runOnly = rules ?? KINDS;
  const options = { runOnly, resultTypes: ['violations'], preload: false };
  const found = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)})`,
  )) as AxeResults;
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
