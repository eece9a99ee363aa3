import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type { StatePaths } from '../../../config/home/paths.ts';
import { socketPath } from '../../../config/home/paths.ts';
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
  const isOpened = given.isOn('open');
  if (isOpened) await openInBrowser(paths, url, context);
  return { json: { url, opened: isOpened }, lines: () => [url] };
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

/**
 * Opens a local file that redirects to the dashboard. Other users can see the arguments of a program, so a URL on the
 * command line could be used by them first. No shell is involved.
 * @param url a valid URL, for the error message
 */
async function openInBrowser(paths: StatePaths, url: string, context: Context): Promise<void> {
  const { writeNewFile } = await import('../../terminal/write-file.ts');
  writeNewFile(paths.dashboardOpener, redirectTo(await findUrl(paths, context)), true);
  const page = pathToFileURL(paths.dashboardOpener).href;
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  return new Promise((resolve, reject) => {
    const child = spawn(opener, [page], {
      detached: true,
      stdio: 'ignore',
      env: { ...context.env },
    });
    child.once('error', ({ message }) => {
      reject(
        new HookbusError(
          'E_DASHBOARD',
          `cannot open a browser: ${message}`,
          `Open this URL yourself: ${url}`,
        ),
      );
    });
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
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
