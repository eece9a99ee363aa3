import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aState, CLI, start, until } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryDirectory } from '../support/temporary.ts';

type State = ReturnType<typeof aState>;

const dashboard = (state: State, words: readonly string[] = [], env = {}) =>
  start([process.execPath, CLI, 'dashboard', ...words], { ...state.env, ...env }).ended;

/** Opens a URL like a browser, which resolves our host name itself. */
const open = (url: URL): Promise<number> =>
  new Promise((resolve, reject) => {
    const { host, port, pathname, search } = url;
    const path = pathname + search;
    get({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).once('error', reject);
  });

/** The URL that the command prints; the command must succeed. */
async function urlOf(state: State): Promise<URL> {
  const { stdout, code } = await dashboard(state);
  expect(code).toBe(0);
  return new URL(stdout.trim());
}

/** A program with this name that records its arguments. */
function anOpener(): { readonly directory: string; readonly given: () => string[] | undefined } {
  const directory = temporaryDirectory();
  const note = join(directory, 'given');
  for (const name of ['xdg-open', 'open']) {
    const program = join(directory, name);
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$#" "$@" > '${note}.new' && mv '${note}.new' '${note}'\n`,
    );
    chmodSync(program, 0o755);
  }
  return {
    directory,
    given: () => (existsSync(note) ? readFileSync(note, 'utf8').trim().split('\n') : undefined),
  };
}

describe('hookbus dashboard', () => {
  it('starts a daemon if none runs, and prints a URL that admits a browser', async () => {
    const state = aState();
    const url = await urlOf(state);
    expect(url.href).toMatch(/^http:\/\/hookbus-[\da-f]{32}\.localhost:\d+\/\?code=[\da-f]{64}$/);
    expect(await open(url)).toBe(200);
    expect(await open(url)).toBe(403);
    expect((await state.ask())?.pid).toBeGreaterThan(0);
    // The second call gives another URL of the same page.
    const next = await urlOf(state);
    expect([next.origin, next.href === url.href]).toEqual([url.origin, false]);
    expect(await open(next)).toBe(200);
    expect(statSync(state.paths.dashboardHost).mode & 0o777).toBe(0o600);
  });

  it('keeps its host and port after a restart of the daemon, and refuses the old URL', async () => {
    const state = aState();
    const port = await freePort();
    writeFileSync(state.paths.config, JSON.stringify({ dashboard: { port } }));
    const old = await urlOf(state);
    expect(old.port).toBe(String(port));
    await state.stop();
    const url = await urlOf(state);
    expect(url.origin).toBe(old.origin);
    expect(await open(old)).toBe(403);
  });

  it('reports that the port is taken, and serves once it is free', async () => {
    const state = aState();
    const port = await freePort();
    writeFileSync(state.paths.config, JSON.stringify({ dashboard: { port } }));
    const other = createServer();
    onTestFinished(() => void other.close());
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    expect((await dashboard(state)).code).toBe(1);
    await new Promise((resolve) => other.close(resolve));
    expect((await urlOf(state)).port).toBe(String(port));
  });

  it('does not accept a host name that another user wrote', async () => {
    const state = aState();
    const victim = join(temporaryDirectory(), 'victim');
    writeFileSync(victim, `hookbus-${'0'.repeat(32)}.localhost\n`);
    mkdirSync(state.home, { recursive: true, mode: 0o700 });
    symlinkSync(victim, state.paths.dashboardHost);
    expect((await urlOf(state)).hostname).not.toContain('00000000');
    expect(lstatSync(state.paths.dashboardHost).isFile()).toBe(true);
    expect(readFileSync(victim, 'utf8')).toContain('00000000');
  });

  it('opens the browser with a local file, so that other users cannot see the URL', async () => {
    const state = aState();
    const { directory, given } = anOpener();
    const { stdout, code } = await dashboard(state, ['--open', '--json'], {
      PATH: `${directory}:${process.env['PATH']}`,
      DISPLAY: ':9',
    });
    const { url, opened } = JSON.parse(stdout) as { url: string; opened: boolean };
    expect({ code, opened }).toEqual({ code: 0, opened: true });
    const [count, word = '', ...rest] = await until('a browser', given);
    expect([count, rest]).toEqual(['1', []]);
    expect(word).toMatch(/^file:\/\/\/.*\.html$/);
    const page = fileURLToPath(word);
    expect(statSync(page).mode & 0o777).toBe(0o600);
    const [, handed = ''] = /content="0;url=([^"]*)"/.exec(readFileSync(page, 'utf8')) ?? [];
    expect(new URL(handed).origin).toBe(new URL(url).origin);
    // Both URLs are valid, so the user has one if no browser opens.
    expect(await open(new URL(handed))).toBe(200);
    expect(await open(new URL(url))).toBe(200);
  });

  it.each([
    ['the session has no display', 'exit 0', { DISPLAY: '' }, 'this session has no display'],
    ['the opener fails', 'exit 3', { DISPLAY: ':9' }, 'failed (exit code 3)'],
    ['there is no opener', undefined, { DISPLAY: ':9', PATH: '/nowhere' }, 'ENOENT'],
  ])('says that nothing was opened if %s, and prints the URL', async (_, line, env, why) => {
    const state = aState();
    const directory = temporaryDirectory();
    if (line !== undefined) {
      writeFileSync(join(directory, 'xdg-open'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    }
    const set = { PATH: `${directory}:/usr/bin:/bin`, WAYLAND_DISPLAY: '', BROWSER: '', ...env };
    const { code, stdout } = await dashboard(state, ['--open'], set);
    expect(code).toBe(1);
    expect(stdout).toContain(why);
    expect(await open(new URL(stdout.trim().split('\n').at(-1) ?? ''))).toBe(200);
    const { stdout: json } = await dashboard(state, ['--open', '--json'], set);
    expect(JSON.parse(json)).toMatchObject({
      opened: false,
      problem: expect.stringContaining(why),
    });
  });
});
