import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aState, CLI, start, until } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryDirectory } from '../support/temporary.ts';

type State = ReturnType<typeof aState>;

const dashboard = (state: State, words: readonly string[] = [], env = {}) =>
  start([process.execPath, CLI, 'dashboard', ...words], { ...state.env, ...env }).ended;

/** The URL that is printed, by a command that was to succeed. */
async function urlOf(state: State): Promise<URL> {
  const { stdout, code } = await dashboard(state);
  expect(code).toBe(0);
  return new URL(stdout.trim());
}

/** A program of this name that notes what it is given. */
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
  it('starts a daemon where none runs, and prints a URL that lets in', async () => {
    const state = aState();
    const url = await urlOf(state);
    expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\da-f]{64}$/);
    const reply = await fetch(url, { redirect: 'manual' });
    expect(reply.status).toBe(200);
    expect((await state.ask())?.pid).toBeGreaterThan(0);
    // Asked again, it is the same page.
    expect((await urlOf(state)).href).toBe(url.href);
  });

  it('has another token after the daemon has ended, and the old one opens nothing', async () => {
    const state = aState();
    const port = await freePort();
    writeFileSync(state.paths.config, JSON.stringify({ dashboard: { port } }));
    const old = await urlOf(state);
    expect(old.port).toBe(String(port));
    await state.stop();
    const url = await urlOf(state);
    expect(url.port).toBe(String(port));
    expect(url.searchParams.get('token')).not.toBe(old.searchParams.get('token'));
    expect((await fetch(old, { redirect: 'manual' })).status).toBe(403);
  });

  it('says so where the port is taken, and serves once it is free', async () => {
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

  it('hands the URL as one word to what opens such things', async () => {
    const state = aState();
    const { directory, given } = anOpener();
    const { stdout, code } = await dashboard(state, ['--open', '--json'], {
      PATH: `${directory}:${process.env['PATH']}`,
    });
    const { url, opened } = JSON.parse(stdout) as { url: string; opened: boolean };
    expect({ code, opened }).toEqual({ code: 0, opened: true });
    expect(await until('a browser', given)).toEqual(['1', url]);
  });

  it('says where the page is where no browser can be opened', async () => {
    const state = aState();
    const { code, stdout } = await dashboard(state, ['--open'], { PATH: '/nowhere' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
