import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DashboardParts } from '../app/reading/dashboard.ts';
import { HookbusError, reasonOf } from '../domain/errors.ts';
import { isBusy } from '../store/database.ts';
import type { Access } from './access.ts';
import { ANSWERS, CHANGES } from './answers.ts';
import type { Feed } from './feed.ts';
import { type PageFile, readPages } from './pages.ts';

/** Most that a request may bring, in bytes. */
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

/** An answer that is no news to anybody but a person who reads it. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const NOT_LET_IN = 'Open the page by the URL that `hookbus dashboard` prints.\n';
const NO_CODE =
  'This URL was used, or is older than a minute. `hookbus dashboard` prints another.\n';

/**
 * The way on from the URL with the code, as a page: a browser that was sent here by another site keeps the cookie back
 * along a redirect, since that still is the doing of the other site.
 */
const ONWARD = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="refresh" content="0;url=/" />
    <title>HookBus</title>
  </head>
  <body><a href="/">To the dashboard</a></body>
</html>
`;

/** Answers every request of the page, and refuses all others. */
export function createRequestListener(parts: DashboardParts, access: Access, feed: Feed) {
  const pages = readPages();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = guard(request, access);
    const isPost = request.method === 'POST';
    const code = url.searchParams.get('code');
    if (!isPost && url.pathname === '/' && code !== null) letIn(request, response, code, access);
    else if (!access.hasCookie(request)) throw new Refusal(403, NOT_LET_IN);
    else if (isPost) await change(request, response, url.pathname, parts);
    else if (url.pathname === '/api/feed') watch(request, response, url, feed);
    else look(response, url, parts, pages);
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(request, response).catch((error: unknown) => fail(response, error));
  };
}

/** Lets through what may come from our own page, or from a person. @throws Refusal */
function guard(request: IncomingMessage, access: Access): URL {
  const { method, url = '/', headers } = request;
  if (!access.hasOwnHost(request)) throw new Refusal(403, 'This is not the host you asked for.\n');
  if (method !== 'GET' && method !== 'POST') throw new Refusal(405, 'Expected GET or POST.\n');
  // A browser says with every POST where it comes from.
  const isOfPage = method === 'POST' || headers.origin !== undefined;
  if (isOfPage && !access.hasOwnOrigin(request)) {
    throw new Refusal(403, 'This page is not for other sites.\n');
  }
  if (!URL.canParse(url, 'http://localhost')) throw new Refusal(400, 'Expected a path.\n');
  return new URL(url, 'http://localhost');
}

function letIn(
  request: IncomingMessage,
  response: ServerResponse,
  code: string,
  access: Access,
): void {
  if (access.takeCode(code)) response.setHeader('Set-Cookie', access.setCookie);
  // Who opens the URL once more, or goes back to it, is in already.
  else if (!access.hasCookie(request)) throw new Refusal(403, NO_CODE);
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(ONWARD);
}

function look(
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
  if (read === undefined) throw new Refusal(404, 'There is no such page.\n');
  sendJson(response, 200, read(url.searchParams, parts));
}

function watch(request: IncomingMessage, response: ServerResponse, url: URL, feed: Feed): void {
  // A browser that comes back says itself what it had last.
  const after = request.headers['last-event-id'] ?? url.searchParams.get('after') ?? '';
  if (typeof after !== 'string' || !/^\d{1,15}$/.test(after)) {
    throw new Refusal(400, 'Expected the number of a row.\n');
  }
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  if (!feed.add(response, Number(after))) throw new Refusal(503, 'Too many pages are open.\n');
}

async function change(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  parts: DashboardParts,
): Promise<void> {
  const work = CHANGES.get(path);
  if (work === undefined) throw new Refusal(404, 'There is no such page.\n');
  if (!/^application\/json(?:;|$)/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'Expected application/json.\n');
  }
  sendJson(response, 200, work(await readBody(request), parts));
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, 'That is too long.\n');
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {}
  throw new Refusal(400, 'Expected a JSON object.\n');
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
    // Whatever is still to come of the request is not waited for.
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
  if (isBusy(error)) return { status: 503, code: 'E_DB', message: 'the database is busy' };
  return { status: 500, code: 'E_UNEXPECTED', message };
}
