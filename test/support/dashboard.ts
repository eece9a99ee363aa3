import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { askDashboard } from '../../src/daemon/client/client.ts';
import { aState } from './daemon.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A state directory with a daemon that serves the dashboard. */
export async function aDashboard(
  prepare: (state: ReturnType<typeof aState>) => void = () => undefined,
  ...options: string[]
) {
  const state = aState();
  prepare(state);
  const child = await state.daemon(...options);
  return { ...state, child, ...(await openDashboard(state)) };
}

/** Asks the daemon of a state directory for the dashboard. */
async function openDashboard(state: ReturnType<typeof aState>) {
  const newUrl = async (): Promise<string> => {
    const answer = await askDashboard(state.paths.socket);
    if (answer === undefined || 'problem' in answer) throw new Error('expected a dashboard');
    return answer.url;
  };
  const url = await newUrl();
  const { origin, host, port } = new URL(url);

  /** One request, as raw as Node allows. */
  const send = (
    path: string,
    options: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers = {}, body } = options;
      const asked = request({
        ...{ host: '127.0.0.1', port, path, method, agent: false },
        headers: { host, ...headers },
      });
      asked.once('error', reject);
      asked.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      });
      asked.end(body);
    });

  const { pathname, search } = new URL(await newUrl());
  const [setCookie = ''] = (await send(pathname + search)).headers['set-cookie'] ?? [];
  const [cookie = ''] = setCookie.split(';');

  return {
    /** A URL that lets a browser in once; each call gives a new one. */
    url,
    newUrl,
    origin,
    host,
    port: Number(port),
    token: cookie.split('=')[1] ?? '',
    cookie,
    send,
    /** The JSON that a visitor with access gets. */
    get: async <T>(path: string): Promise<T> =>
      JSON.parse((await send(path, { headers: { cookie } })).body) as T,
    post: (path: string, body: unknown) =>
      send(path, {
        method: 'POST',
        headers: { cookie, origin, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}
