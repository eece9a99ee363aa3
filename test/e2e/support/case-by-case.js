/*
 * A small Messages API for a session of Claude Code that gets one prompt for each case, `case-0`, `case-1` and so on, the
 * next one when it has answered. The model calls the tools of that case, then says "done". It listens on loopback, starts
 * the client, again if it has left, and writes what was seen to a file:
 *
 *   node case-by-case.js SCRIPT.json      with { client, args, cwd, env, cases: [{ calls }], seen }
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { blocksOf, sendAnswer } from './messages.js';

const { client, args, cwd, env, cases, seen } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** A case that takes longer hangs; the script then ends, so that the test fails with a reason. */
const MAX_MS = 30_000;

/** The blocks of each request since the prompt of the case. */
let requests = [];
let current = 0;

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.method !== 'POST' || !request.url.startsWith('/v1/messages?')) {
    response.writeHead(404).end();
    return;
  }
  const { model, messages } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const blocks = blocksOf(messages);
  const prompt = blocks.findLastIndex(({ text }) => text === `case-${current}`);
  const since = blocks.slice(prompt + 1);
  requests.push(since);
  const calls = since.some(({ type }) => type === 'tool_result') ? [] : cases[current].calls;
  const name = `${current}_${requests.length}`;
  sendAnswer(response, model, calls.length > 0 ? calls : `case-${current} done`, name);
});

server.listen(0, '127.0.0.1', async () => {
  const withPort = (text) =>
    text.replaceAll('127.0.0.1:PORT', `127.0.0.1:${server.address().port}`);
  const start = () => {
    const child = spawn(client, args.map(withPort), {
      cwd,
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, withPort(value)])),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => undefined);
    process.once('SIGTERM', () => child.kill('SIGKILL'));
    const results = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, results };
  };
  const deadline = () => {
    process.stderr.write(`case-${current} hangs\n`);
    process.exit(1);
  };
  const outcomes = [];
  let session = start();
  for (current = 0; current < cases.length; current += 1) {
    requests = [];
    const timer = setTimeout(deadline, MAX_MS);
    const text = { type: 'user', message: { role: 'user', content: `case-${current}` } };
    session.child.stdin.write(`${JSON.stringify(text)}\n`);
    let result;
    while (result === undefined) {
      const { value, done } = await session.results.next();
      if (done) result = {};
      else if (value.startsWith('{"type":"result"') || value.includes('"type":"result"'))
        result = JSON.parse(value);
      if (done) session = start();
    }
    clearTimeout(timer);
    outcomes.push({ result, requests: requests.length, received: requests.at(-1) ?? [] });
  }
  session.child.stdin.end();
  for await (const _line of session.results);
  writeFileSync(seen, JSON.stringify(outcomes));
  server.close();
  server.closeAllConnections();
});
