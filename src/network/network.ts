import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import tls, { checkServerIdentity, createSecureContext, type SecureContext } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { isReachedDirectly } from './no-proxy.ts';

export interface NetworkOptions {
  /** Certificates to trust in addition to the usual ones, in PEM; empty: none. */
  readonly certificates: string;
  /** `http://[USER:PASSWORD@]HOST:PORT`; empty: none. */
  readonly proxy: string;
  readonly no_proxy: readonly string[];
}

interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Aborts the request and every connection made for it. */
  readonly signal: AbortSignal;
  /** Responses are truncated to this size, and where the connection breaks. */
  readonly maxBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The way to other machines. */
export interface Network {
  /** Which certificates to trust; undefined: the usual ones. */
  readonly trust: SecureContext | undefined;
  /** @throws if there is no response. The error holds no password */
  readonly post: (url: URL, post: Post) => Promise<HttpResponse>;
}

/** The proxy refused to pass on the request. */
export class ProxyError extends Error {
  constructor(status: number) {
    super(`the proxy answers ${status}`);
  }
}

/** Only a proxy sends this status, when it wants a password or a different one. */
const PROXY_WANTS_PASSWORD = 407;

/** An idle connection stays open this long, in ms, as in Node's own agent. */
const UNUSED_MS = 5000;

export function createNetwork({ certificates, proxy, no_proxy }: NetworkOptions): Network {
  const trust = certificates === '' ? undefined : trusting(certificates);
  const agent = trust && new Agent({ secureContext: trust, keepAlive: true, timeout: UNUSED_MS });
  const through = proxy === '' ? undefined : new URL(proxy);
  return {
    trust,
    post: (url, post) => {
      const isSecure = url.protocol === 'https:';
      if (through === undefined || isReachedDirectly(url.hostname, no_proxy)) {
        return ask(url, post, isSecure && agent ? { agent } : {});
      }
      return isSecure ? tunnel(url, post, through, trust) : askProxy(url, post, through);
    },
  };
}

/** Node replaces its own list by this one, so the usual certificates have to be in it. */
function trusting(certificates: string): SecureContext {
  // From Node 22.15 on: the certificates that the system, or a variable, tells Node to trust.
  const { getCACertificates } = tls as { getCACertificates?: () => string[] };
  return createSecureContext({
    ca: [...(getCACertificates?.() ?? tls.rootCertificates), certificates],
  });
}

/** Posts over a connection that the proxy makes but cannot read. */
function tunnel(url: URL, post: Post, proxy: URL, trust: SecureContext | undefined) {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return ask(url, post, {
    // Without the signal, a silent proxy would keep its connection open.
    agent: new HttpsProxyAgent(proxy, { signal: post.signal }),
    ...(trust && { secureContext: trust }),
    // If the host is an IP address, the agent passes a name that the certificate does not have.
    checkServerIdentity: (_name: string, certificate: tls.PeerCertificate) =>
      checkServerIdentity(host, certificate),
  });
}

/** Posts to the proxy, with the whole URL in place of the path. */
function askProxy(url: URL, post: Post, proxy: URL): Promise<HttpResponse> {
  const user = decodeURIComponent(proxy.username);
  const pair = `${user}:${decodeURIComponent(proxy.password)}`;
  const auth = { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
  const headers = { ...post.headers, host: url.host, ...(pair === ':' ? {} : auth) };
  const path = `${url.origin}${url.pathname}${url.search}`;
  return ask(new URL(proxy.origin), { ...post, headers }, { path });
}

function ask(
  url: URL,
  { headers, body, signal, maxBytes }: Post,
  more: RequestOptions & tls.ConnectionOptions,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? requestHttps : requestHttp;
    const options = {
      ...more,
      method: 'POST',
      headers: { ...headers, 'content-length': body.byteLength },
      signal,
    };
    const request = start(url, options, (response) => {
      if (response.statusCode === PROXY_WANTS_PASSWORD) {
        request.destroy(new ProxyError(PROXY_WANTS_PASSWORD));
      } else readAnswer(response, maxBytes, resolve);
    });
    request.on('error', reject);
    // The agent reports the proxy's response as if the server had sent it.
    request.on('proxyConnect', ({ statusCode }: { readonly statusCode: number }) => {
      if (statusCode !== 200) request.destroy(new ProxyError(statusCode));
    });
    request.end(body);
  });
}

function readAnswer(
  response: IncomingMessage,
  maxBytes: number,
  resolve: (answer: HttpResponse) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (): void => {
    const { statusCode: status = 0, headers } = response;
    resolve({ status, headers, body: Buffer.concat(chunks) });
  };
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else {
      finish();
      response.destroy();
    }
  });
  response.on('end', finish);
  // The status says what became of the request, so that nobody repeats one that succeeded.
  response.on('error', finish);
}
