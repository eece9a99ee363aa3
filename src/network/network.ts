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
  /** To be trusted beside the usual ones, in PEM; empty: none. */
  readonly certificates: string;
  /** `http://[USER:PASSWORD@]HOST:PORT`; empty: none. */
  readonly proxy: string;
  readonly no_proxy: readonly string[];
}

interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Ends it, and every connection that was made for it. */
  readonly signal: AbortSignal;
  /** More, in bytes, is not read of an answer. */
  readonly most: number;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How other machines are reached. */
export interface Network {
  /** Whom to trust; undefined: the usual ones. */
  readonly trust: SecureContext | undefined;
  /** @throws where there is no answer. What is thrown holds no password */
  readonly post: (url: URL, post: Post) => Promise<Answered>;
}

/** What a proxy said instead of passing something on. */
export class ProxyError extends Error {
  constructor(status: number) {
    super(`the proxy answers ${status}`);
  }
}

/** A server never answers so, only a proxy that wants a password or another one. */
const PROXY_WANTS_PASSWORD = 407;

/** A connection that nobody uses stays for so long, in ms, as those of Node's own agent. */
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

/** Node takes a list for all there is, so the usual ones are in it. */
function trusting(certificates: string): SecureContext {
  // As of Node 22.15: with those that the system, or a variable, has Node trust.
  const { getCACertificates } = tls as { getCACertificates?: () => string[] };
  return createSecureContext({
    ca: [...(getCACertificates?.() ?? tls.rootCertificates), certificates],
  });
}

/** Over a connection that the proxy makes and cannot read. */
function tunnel(url: URL, post: Post, proxy: URL, trust: SecureContext | undefined) {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return ask(url, post, {
    // Without the signal, a proxy that says nothing would keep its connection.
    agent: new HttpsProxyAgent(proxy, { signal: post.signal }),
    ...(trust && { secureContext: trust }),
    // The agent asks for the name of an address, and then for whose it does not say.
    checkServerIdentity: (_name: string, certificate: tls.PeerCertificate) =>
      checkServerIdentity(host, certificate),
  });
}

/** By the whole address in place of a path. */
function askProxy(url: URL, post: Post, proxy: URL): Promise<Answered> {
  const user = decodeURIComponent(proxy.username);
  const pair = `${user}:${decodeURIComponent(proxy.password)}`;
  const auth = { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
  const headers = { ...post.headers, host: url.host, ...(pair === ':' ? {} : auth) };
  const path = `${url.origin}${url.pathname}${url.search}`;
  return ask(new URL(proxy.origin), { ...post, headers }, { path });
}

function ask(
  url: URL,
  { headers, body, signal, most }: Post,
  more: RequestOptions & tls.ConnectionOptions,
): Promise<Answered> {
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
      } else readAnswer(response, most, resolve, reject);
    });
    request.on('error', reject);
    // The agent passes on what a proxy says as if the server had said it.
    request.on('proxyConnect', ({ statusCode }: { readonly statusCode: number }) => {
      if (statusCode !== 200) request.destroy(new ProxyError(statusCode));
    });
    request.end(body);
  });
}

function readAnswer(
  response: IncomingMessage,
  most: number,
  resolve: (answer: Answered) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (): void => {
    const { statusCode: status = 0, headers } = response;
    resolve({ status, headers, body: Buffer.concat(chunks) });
  };
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= most) chunks.push(chunk);
    else {
      finish();
      response.destroy();
    }
  });
  response.on('end', finish);
  response.on('error', reject);
}
