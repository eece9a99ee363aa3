import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type { StatePaths } from '../../../config/home/paths.ts';
import { socketPath } from '../../../config/home/paths.ts';
import type { Environment } from '../../../config/settings.ts';
import { HookbusError } from '../../../domain/errors.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';

export const dashboardCommand: Command = {
  name: 'dashboard',
  summary: 'Show live executions and charts in a browser',
  usage: '[options]',
  about: [
    'Prints the URL of a page that the daemon serves on this machine only; starts the daemon if none runs. Each URL is valid for a minute and admits one browser, which can then see all recorded data, including payloads, and switch hooks off and on.',
    'The daemon uses a free port, or `dashboard.port` of config.json. It keeps running while a browser shows the page; a later daemon needs a new URL.',
  ],
  options: { open: { describe: 'open the page in the browser of this desktop' } },
  exitCodes: [
    ['0', 'done'],
    ['1', 'an option is invalid, or the page cannot be served or opened'],
  ],
  examples: [
    ['hookbus dashboard --open', 'open the page in the browser'],
    ['hookbus config set dashboard.port 7070', 'always use the same port'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const { requirePaths } = await import('../../../app/store/open-store.ts');
  const paths = requirePaths(context.settings);
  const url = await findUrl(paths, context);
  if (!given.isOn('open'))
    return { json: { url, opened: false, problem: null }, lines: () => [url] };
  const problem = noDisplay(context.env) ?? (await openInBrowser(paths, context)) ?? null;
  return {
    json: { url, opened: problem === null, problem },
    lines: () =>
      problem === null
        ? [url]
        : [`No browser was opened: ${problem}. Open this URL yourself:`, url],
    exitCode: problem === null ? 0 : 1,
  };
}

/** Variables of a session in which a browser can show a page. */
const DISPLAYS = ['DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME', 'BROWSER'];

function noDisplay(env: Environment): string | undefined {
  const hasDisplay = process.platform === 'darwin' || DISPLAYS.some((name) => env[name]);
  return hasDisplay ? undefined : 'this session has no display';
}

async function findUrl(paths: StatePaths, context: Context): Promise<string> {
  const [{ ensureDaemon }, { askDashboard }] = await Promise.all([
    import('../../terminal/ensure-daemon.ts'),
    import('../../../daemon/client/client.ts'),
  ]);
  const { version } = await ensureDaemon(paths, context);
  const answer = await askDashboard(socketPath(paths.home));
  if (answer === undefined) {
    throw new HookbusError(
      'E_DASHBOARD',
      `the running daemon has version ${version}, which has no dashboard`,
      'To start one of this version: hookbus daemon restart',
    );
  }
  if ('url' in answer) return answer.url;
  throw new HookbusError(
    'E_DASHBOARD',
    `the dashboard cannot be served: ${answer.problem}`,
    'To use any free port: hookbus config set dashboard.port 0',
  );
}

/** An opener that still runs after this time, in ms, shows the browser. */
const OPENS_WITHIN_MS = 2000;

/**
 * Opens a local file that redirects to the dashboard. Other users can see the arguments of a program, so a URL on the
 * command line could be used by them first. No shell is involved.
 * @returns why it failed; undefined if it did not
 */
async function openInBrowser(paths: StatePaths, context: Context): Promise<string | undefined> {
  const { writeNewFile } = await import('../../terminal/write-file.ts');
  writeNewFile(paths.dashboardOpener, redirectTo(await findUrl(paths, context)), true);
  const page = pathToFileURL(paths.dashboardOpener).href;
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  return new Promise((resolve) => {
    const child = spawn(opener, [page], {
      detached: true,
      stdio: 'ignore',
      env: { ...context.env },
    });
    const done = (problem?: string): void => {
      clearTimeout(timer);
      child.unref();
      resolve(problem);
    };
    const timer = setTimeout(() => done(), OPENS_WITHIN_MS);
    child.once('error', ({ message }) => done(message));
    child.once('exit', (code, signal) =>
      done(code === 0 ? undefined : `${opener} failed (${signal ?? `exit code ${code}`})`),
    );
  });
}

const redirectTo = (url: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="referrer" content="no-referrer" />
    <meta http-equiv="refresh" content="0;url=${url}" />
    <title>HookBus</title>
  </head>
  <body><a href="${url}">Open the dashboard</a></body>
</html>
`;
