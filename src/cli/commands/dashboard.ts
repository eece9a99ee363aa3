import { spawn } from 'node:child_process';
import type { StatePaths } from '../../config/paths.ts';
import { socketPath } from '../../config/socket-path.ts';
import { HookbusError } from '../../domain/errors.ts';
import type { Answer, Command, Context, Given } from '../command.ts';

export const dashboardCommand: Command = {
  name: 'dashboard',
  summary: 'Show executions as they come in, and charts, in a browser',
  usage: '[options]',
  about: [
    'Prints the URL of a page that the daemon serves to this machine alone, from now until it ends; a daemon is started where none runs. Who has the URL can see what is on record, payloads too, and switch hooks off and on.',
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
  const { requirePaths } = await import('../../bus/open-for-command.ts');
  const url = await findUrl(requirePaths(settings));
  const isOpened = given.isOn('open');
  if (isOpened) await openInBrowser(url);
  return { json: { url, opened: isOpened }, lines: () => [url] };
}

async function findUrl(paths: StatePaths): Promise<string> {
  const [{ ensureDaemon }, { askDashboard }] = await Promise.all([
    import('../ensure-daemon.ts'),
    import('../../daemon/client.ts'),
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

/** Hands the URL to what the desktop opens such things with; no shell reads it. */
function openInBrowser(url: string): Promise<void> {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  return new Promise((resolve, reject) => {
    const child = spawn(opener, [url], { detached: true, stdio: 'ignore' });
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
