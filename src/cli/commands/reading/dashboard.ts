import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type { StatePaths } from '../../../config/home/paths.ts';
import { socketPath } from '../../../config/home/paths.ts';
import { HookbusError } from '../../../domain/errors.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';

export const dashboardCommand: Command = {
  name: 'dashboard',
  summary: 'Show executions as they come in, and charts, in a browser',
  usage: '[options]',
  about: [
    'Prints the URL of a page that the daemon serves to this machine alone, from now until it ends; a daemon is started where none runs. Each URL counts for a minute and lets one browser in, which can see what is on record, payloads too, and switch hooks off and on.',
    'The port is any free one, or `dashboard.port` in config.json. The daemon stays while a page is shown; of the next one the URL is another.',
  ],
  options: { open: { describe: 'open it in the browser of this desktop' } },
  exitCodes: [
    ['0', 'done'],
    ['1', 'an option cannot be used, or the page cannot be served or opened'],
  ],
  examples: [
    ['hookbus dashboard --open', 'the page, in the browser'],
    ['hookbus config set dashboard.port 7070', 'always on the same port'],
  ],
  perform,
};

async function perform(given: Given, { settings }: Context): Promise<Answer> {
  const { requirePaths } = await import('../../../app/store/open-for-command.ts');
  const paths = requirePaths(settings);
  const url = await findUrl(paths);
  const isOpened = given.isOn('open');
  if (isOpened) await openInBrowser(paths, url);
  return { json: { url, opened: isOpened }, lines: () => [url] };
}

async function findUrl(paths: StatePaths): Promise<string> {
  const [{ ensureDaemon }, { askDashboard }] = await Promise.all([
    import('../../terminal/ensure-daemon.ts'),
    import('../../../daemon/client/client.ts'),
  ]);
  const { version } = await ensureDaemon(paths);
  const answer = await askDashboard(socketPath(paths.home));
  if (answer === undefined) {
    throw new HookbusError(
      'E_DASHBOARD',
      `the daemon that runs, of version ${version}, knows no dashboard`,
      '`hookbus daemon restart` starts one of this version',
    );
  }
  if ('url' in answer) return answer.url;
  throw new HookbusError(
    'E_DASHBOARD',
    `the dashboard cannot be served: ${answer.problem}`,
    '`hookbus config set dashboard.port 0` takes any port that is free',
  );
}

/**
 * Hands a page of our own that goes on there to what the desktop opens such things with: other users see what a program
 * is given, and could be faster. No shell reads it.
 * @param url one that lets in too, for a person
 */
async function openInBrowser(paths: StatePaths, url: string): Promise<void> {
  const { writeNewFile } = await import('../../terminal/write-file.ts');
  writeNewFile(paths.dashboardOpener, redirectTo(await findUrl(paths)), true);
  const page = pathToFileURL(paths.dashboardOpener).href;
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  return new Promise((resolve, reject) => {
    const child = spawn(opener, [page], { detached: true, stdio: 'ignore' });
    child.once('error', ({ message }) => {
      reject(
        new HookbusError(
          'E_DASHBOARD',
          `no browser can be opened: ${message}`,
          `The page is ${url}`,
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
  <body><a href="${url}">To the dashboard</a></body>
</html>
`;
