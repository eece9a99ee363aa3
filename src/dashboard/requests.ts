import type { IncomingMessage, ServerResponse } from 'node:http';
import { HookbusError, reasonOf } from '../domain/errors.ts';
import { isBusy } from '../store/database.ts';
import type { Access } from './access.ts';
import { ANSWERS, CHANGES, type DashboardParts } from './answers.ts';
import type { Feed } from './feed.ts';
import { type PageFile, readPages } from './pages.ts';

/** The maximum size of a request body. */
const MAX_BODY_BYTES = 4096;

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** A refused request: an HTTP status, and plain text for a person. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const NO_COOKIE = 'Access denied. Run `hookbus dashboard` and open the URL that it prints.\n';
const INVALID_CODE =
  'This URL was already used, or is older than a minute. Run `hookbus dashboard` for a new one.\n';

/**
 * Redirects from the URL with the code by a page, not by an HTTP redirect: if another site opened the URL, the browser
 * counts an HTTP redirect as that site's request and withholds the cookie.
 */
const REDIRECT = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="refresh" content="0;url=/" />
    <title>HookBus</title>
    <link rel="icon" href="/icon.svg" />
  </head>
  <body><a href="/">Open the dashboard</a></body>
</html>
`;

/** Answers the requests of the page, and refuses all others. */
export function createRequestListener(parts: DashboardParts, access: Access, feed: Feed) {
  const pages = readPages();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = checkRequest(request, access);
    const isPost = request.method === 'POST';
    const code = url.searchParams.get('code');
    if (!isPost && url.pathname === '/' && code !== null) admit(request, response, code, access);
    else if (!access.hasCookie(request)) throw new Refusal(403, NO_COOKIE);
    else if (isPost) await serveChange(request, response, url.pathname, parts);
    else if (url.pathname === '/api/feed') serveFeed(request, response, url, feed);
    else serveRead(response, url, parts, pages);
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(request, response).catch((error: unknown) => fail(response, error));
  };
}

/** Accepts only requests from our own page, or from a person. @throws Refusal */
function checkRequest(request: IncomingMessage, access: Access): URL {
  const { method, url = '/', headers } = request;
  if (!access.hasOwnHost(request)) throw new Refusal(403, 'Unknown host.\n');
  if (method !== 'GET' && method !== 'POST') throw new Refusal(405, 'Use GET or POST.\n');
  // Browsers send the origin with every POST.
  const isOfPage = method === 'POST' || headers.origin !== undefined;
  if (isOfPage && !access.hasOwnOrigin(request)) {
    throw new Refusal(403, 'Requests from other sites are not allowed.\n');
  }
  if (!URL.canParse(url, 'http://localhost')) throw new Refusal(400, 'Invalid path.\n');
  return new URL(url, 'http://localhost');
}

function admit(
  request: IncomingMessage,
  response: ServerResponse,
  code: string,
  access: Access,
): void {
  if (access.consumeCode(code)) response.setHeader('Set-Cookie', access.setCookie);
  // A browser that opens the URL again already has the cookie.
  else if (!access.hasCookie(request)) throw new Refusal(403, INVALID_CODE);
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(REDIRECT);
}

function serveRead(
  response: ServerResponse,
  url: URL,
  parts: DashboardParts,
  pages: ReadonlyMap<string, PageFile>,
): void {
  const page = pages.get(url.pathname);
  if (page !== undefined) {
    response.setHeader('Content-Type', page.type);
    response.end(page.body);
    return;
  }
  const read = ANSWERS.get(url.pathname);
  if (read === undefined) throw new Refusal(404, 'Not found.\n');
  sendJson(response, 200, read(url.searchParams, parts));
}

function serveFeed(request: IncomingMessage, response: ServerResponse, url: URL, feed: Feed): void {
  // A browser that reconnects sends the id of the last event.
  const after = request.headers['last-event-id'] ?? url.searchParams.get('after') ?? '';
  if (typeof after !== 'string' || !/^\d{1,15}$/.test(after)) {
    throw new Refusal(400, '`after` must be the id of a row.\n');
  }
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  if (!feed.add(response, Number(after)))
    throw new Refusal(503, 'Too many pages are open. Close one and reload.\n');
}

async function serveChange(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  parts: DashboardParts,
): Promise<void> {
  const work = CHANGES.get(path);
  if (work === undefined) throw new Refusal(404, 'Not found.\n');
  if (!/^application\/json(?:;|$)/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'The content type must be application/json.\n');
  }
  sendJson(response, 200, work(await readBody(request), parts));
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, 'The request body is too large.\n');
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {}
  throw new Refusal(400, 'The body must be a JSON object.\n');
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof Refusal) {
    response.statusCode = error.status;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    // Do not wait for the rest of the request.
    response.setHeader('Connection', 'close');
    response.end(error.message);
    return;
  }
  const { status, code, message } = describe(error);
  sendJson(response, status, { error: { code, message } });
}

function describe(error: unknown): { status: number; code: string; message: string } {
  const message = reasonOf(error);
  if (error instanceof HookbusError) {
    return { status: error.code === 'E_NOT_FOUND' ? 404 : 400, code: error.code, message };
  }
  if (isBusy(error))
    return { status: 503, code: 'E_DB', message: 'the database is busy; try again' };
  return { status: 500, code: 'E_UNEXPECTED', message };
}
