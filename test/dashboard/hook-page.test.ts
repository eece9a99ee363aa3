import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { HookReport } from '../../src/app/reading/hook/read-hook.ts';
import type { ListedExecution } from '../../src/app/reading/listed-executions.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import type { SessionRow } from '../../src/store/queries/sessions.ts';
import { barriers, hasBrowser, inBrowser, useBrowser } from '../support/browser.ts';
import { until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const SESSION = 'c0ffee00-1111-4222-8333-444455556666';
const COMMAND = 'python3 .claude/hooks/guard_rm.py';
const NOW = Date.now();
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();

/** A hostile name: markup, a slash, what ends an address, and what would end a line of a shell. */
const HOSTILE = `<img src=x onerror=alert(1)> a/b?c#d%41 'q"`;

const KEY_ERROR =
  'Traceback (most recent call last):\n  File "x.py", line 3\nKeyError: \'file_path\'';

const payloadOf = (command: string) => ({
  stream: 'stdin' as const,
  encoding: 'identity' as const,
  truncated: false,
  body: Buffer.from(JSON.stringify({ tool_name: 'Bash', tool_input: { command } })),
});

const refusal = (reason: string): Partial<Execution> => ({
  ...{ status: 'blocked', exitCode: 2, decision: 'deny', decisionReason: reason, error: reason },
});
const failure = (error: string): Partial<Execution> => ({ status: 'error', exitCode: 1, error });

/** A project whose settings have the guard, and a session in it. */
function executionsIn(project: string) {
  const common = {
    ...{ sessionId: SESSION, agent: 'claude', project, cwd: project, toolName: 'Bash' },
    command: COMMAND,
  } satisfies Partial<Execution>;
  const call = (number: number, command: string, changes: Partial<Execution> = {}) =>
    recordedOf(
      anExecution({
        ...common,
        toolUseId: `toolu_${number}`,
        createdAt: at(600 - number),
        ...changes,
      }),
      [payloadOf(command)],
    );
  return [
    call(1, 'rm -rf ../build', refusal('rm -rf outside the project')),
    call(2, 'rm -rf ../dist', refusal('rm -rf outside the project')),
    call(3, 'ls', { durationMs: 40 }),
    call(3, 'ls', { hookName: 'log', eventType: 'PostToolUse', createdAt: at(590) }),
    call(4, 'git status', failure(KEY_ERROR)),
    call(5, 'git diff', failure(KEY_ERROR.replace('line 3', 'line 4'))),
    call(6, 'make', failure('out of memory after 812 MB')),
    call(7, 'make', { eventType: 'Stop', toolName: undefined, toolUseId: undefined }),
    call(8, `echo '</script><b>\u202e'`, {
      hookName: HOSTILE,
      ...failure('<script>alert(1)</script>'),
    }),
  ];
}

async function aProject() {
  const project = join(temporaryDirectory(), 'shop-api');
  mkdirSync(join(project, '.git'), { recursive: true });
  mkdirSync(join(project, '.claude'));
  const hook = { type: 'command', command: `hookbus run --name guard_rm -- ${COMMAND}` };
  const settings = { hooks: { PreToolUse: [{ matcher: 'Bash', hooks: [hook] }] } };
  writeFileSync(join(project, '.claude', 'settings.json'), JSON.stringify(settings, null, 2));
  const dashboard = await aDashboard(({ paths }) =>
    writeExecutions(paths.database, executionsIn(project)),
  );
  return { project, ...dashboard };
}

const addressOf = (name: string): string => `#/hook/${encodeURIComponent(name)}`;

/** Shows an address of the page, as somebody who follows a link. */
async function goTo(page: Page, address: string): Promise<void> {
  await page.waitForURL(/\/(?:#.*)?$/);
  await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
}

describe('what the daemon answers', () => {
  it('of a hook: failures and refusals by what they said, where it stands, and what to type', async () => {
    const { project, get, send, cookie } = await aProject();
    const report = await get<HookReport>('/api/hook?name=guard_rm&range=24h');
    expect(report).toMatchObject({
      hook_name: 'guard_rm',
      events: [
        { event_type: 'PreToolUse', runs: 6, denied: 2, error: 3 },
        { event_type: 'Stop', runs: 1 },
      ],
      last: { event_type: 'Stop' },
      failures: [
        { message: "KeyError: 'file_path'", count: 2, latest: [{ call: 'Bash: git diff' }] },
        { message: 'out of memory after 812 MB', count: 1, exit_code: 1 },
      ],
      refusals: [
        {
          ...{ reason: 'rm -rf outside the project', count: 2 },
          latest: [{ call: 'Bash: rm -rf ../dist' }, { call: 'Bash: rm -rf ../build' }],
        },
      ],
      places: [
        {
          ...{ path: join(project, '.claude', 'settings.json'), line: 9, event: 'PreToolUse' },
          ...{ matcher: 'Bash', is_recorded: true, off: null },
        },
      ],
      ...{ gates: [], is_protected: false },
      replay: `cd ${project} && hookbus replay --hook guard_rm --last 20`,
      logs: 'hookbus logs --hook guard_rm',
    });
    expect(report.series.failed.reduce((sum, count) => sum + count, 0)).toBe(3);
    const stop = await get<HookReport>('/api/hook?name=guard_rm&event=Stop&range=24h');
    expect(stop).toMatchObject({ failures: [], refusals: [], event_type: 'Stop' });
    expect(stop.series.runs.reduce((sum, count) => sum + count, 0)).toBe(1);
    const hostile = await get<HookReport>(`/api/hook?name=${encodeURIComponent(HOSTILE)}`);
    expect(hostile.logs).toBe(`hookbus logs --hook '${HOSTILE.replaceAll("'", `'\\''`)}'`);
    for (const query of ['', '?name=', '?name=none', '?name=guard_rm&range=1y']) {
      const { status } = await send(`/api/hook${query}`, { headers: { cookie } });
      expect([query, status]).toEqual([query, query === '?name=none' ? 404 : 400]);
    }
  });

  it('of a session: its project, agent and start, and what each call was about', async () => {
    const { project, get } = await aProject();
    const session = await get<SessionRow & { rows: ListedExecution[] }>(
      `/api/session?id=${SESSION}`,
    );
    expect(session).toMatchObject({
      ...{ session_id: SESSION, project, agent: 'claude', first: at(599), executions: 9 },
      ...{ denied: 2, failures: 4, tool_calls: 7 },
    });
    expect(session.rows.map(({ call }) => call)).toContain('Bash: rm -rf ../build');
  });
});

describe.skipIf(!hasBrowser)(inBrowser('the page of a hook'), () => {
  const browser = useBrowser();

  it('shows what it refused, how it failed, where it stands, and switches it off and on', async () => {
    const { newUrl, paths } = await aProject();
    const { page, expectClean } = await browser.open(await newUrl());
    await goTo(page, addressOf('guard_rm'));
    const view = page.locator('#view-hook');
    const failures = view.getByRole('region', { name: 'Failures' }).locator('tbody tr');
    await failures.first().waitFor();
    expect(await failures.first().textContent()).toMatch(/KeyError: 'file_path'.*git diff2/);
    const refusals = view.getByRole('region', { name: 'Refusals' });
    expect(await refusals.textContent()).toMatch(
      /rm -rf outside the project.*Bash: rm -rf \.\.\/dist/,
    );
    expect(await view.getByRole('region', { name: 'Where it stands' }).textContent()).toMatch(
      /settings\.json:9 Claude Code, PreToolUse, Bash/,
    );
    await view.getByRole('link', { name: 'Stop', exact: true }).click();
    await view.getByText('It refused nothing in the time range.').waitFor();
    await view.getByRole('link', { name: 'All events' }).click();
    await refusals.locator('tbody').waitFor();

    await view.getByRole('button', { name: 'Switch guard_rm off' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#off').getByRole('button', { name: 'Switch off' }).click();
    const on = view.getByRole('button', { name: 'Switch guard_rm on' });
    await on.waitFor();
    await view.getByText(/^Off until \d\d:\d\d$/).waitFor();
    const gate = gatePath(paths.gates, { hookName: 'guard_rm', command: COMMAND });
    expect(readGate(gate)).toMatchObject({ kind: 'off' });
    await until('the focus on the new button', () =>
      page.evaluate("document.activeElement?.dataset.hook === 'guard_rm'"),
    );
    await page.keyboard.press('Enter');
    await view.getByText('On', { exact: true }).waitFor();

    await refusals
      .getByRole('link', { name: /^\d\d:\d\d$/ })
      .first()
      .click();
    await page.locator('#execution').getByText('rm -rf ../dist').first().waitFor();
    await expectClean();
  });

  it('copies the line that replays it, and shows recorded text as text', async () => {
    const { newUrl, project } = await aProject();
    const { page, expectClean } = await browser.open(await newUrl());
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await goTo(page, addressOf('guard_rm'));
    await page.getByRole('button', { name: 'Copy: replay its latest calls' }).click();
    await page
      .getByRole('button', { name: 'Copy: replay its latest calls' })
      .getByText('Copied')
      .waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      `cd ${project} && hookbus replay --hook guard_rm --last 20`,
    );
    await goTo(page, addressOf(HOSTILE));
    await page.locator('#view-hook').getByText('<script>alert(1)</script>').waitFor();
    expect(await page.locator('#title').textContent()).toBe(HOSTILE);
    await page.locator('#view-hook').getByText(`Bash: echo '</script><b>\\u202e'`).waitFor();
    await goTo(page, addressOf('none'));
    await page.locator('#problem').getByText('no execution of this hook is recorded').waitFor();
    expect(await page.locator('#view-hook > div').isVisible()).toBe(false);
    await expectClean();
  });

  it('and of a session can be used by everybody, on a phone too', async () => {
    const { newUrl } = await aProject();
    for (const isDark of [false, true]) {
      const { page, expectClean } = await browser.open(await newUrl(), { isDark });
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 844 });
        for (const address of [addressOf('guard_rm'), addressOf(HOSTILE), `#/session/${SESSION}`]) {
          await goTo(page, address);
          await page.locator('.view:not([hidden]) table tbody').first().waitFor();
          expect(await barriers(page)).toEqual([]);
          expect(
            await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
          ).toBeLessThanOrEqual(0);
        }
      }
      await expectClean();
    }
  });
});

describe.skipIf(!hasBrowser)(inBrowser('the page of a session'), () => {
  const browser = useBrowser();

  it('is named by project and time, and has a row for each call with its hooks below', async () => {
    const { newUrl } = await aProject();
    const { page, expectClean } = await browser.open(await newUrl());
    await goTo(page, `#/session/${SESSION}`);
    const calls = page.locator('#waterfall-table tbody');
    await calls.first().waitFor();
    expect(await page.title()).toMatch(/^shop-api, (?:\S+ )?\d\d:\d\d, 9 hooks · HookBus$/);
    expect(await page.locator('#title').getAttribute('title')).toBe(SESSION);
    expect(await page.locator('#view-session').textContent()).not.toContain(SESSION);
    expect(await calls.count()).toBe(8);
    expect(await calls.nth(0).textContent()).toMatch(/Bash: rm -rf \.\.\/build.*guard_rm.*denied/);
    expect(await calls.nth(2).locator('tr').count()).toBe(3);
    expect(await calls.nth(2).locator('.span').count()).toBe(2);
    await calls.nth(3).getByRole('link', { name: 'guard_rm' }).click();
    await page.locator('#view-hook').getByText("KeyError: 'file_path'").waitFor();
    await page.goBack();
    await calls
      .nth(3)
      .getByRole('link', { name: /^Execution \d+/ })
      .click();
    await page.locator('#execution').getByText('git status').first().waitFor();
    await expectClean();
  });
});
