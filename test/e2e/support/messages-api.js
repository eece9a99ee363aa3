/*
 * A small Messages API for one session of a real client: it answers with the tool calls of a script, turn by turn, and
 * keeps the requests. It listens on loopback, starts the client, and prints the results of both as JSON:
 *
 *   node messages-api.js SCRIPT.json      with { client, args, cwd, env, turns }
 *
 * A turn is the list of tools to call, or a text. Past the last turn it says "done".
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { sendAnswer } from './messages.js';
import { runClient } from './run-client.js';

const script = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { turns } = script;

/** After this time the script kills the client, so that the test fails with a reason. */
const MAX_MS = 85_000;

const requests = [];

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.method !== 'POST' || !request.url.startsWith('/v1/messages?')) {
    response.writeHead(404).end();
    return;
  }
  const { model, tools = [], messages } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  // Subagents, and requests for a title, have separate conversations. Neither calls a tool here.
  const isMain = tools.length > 0 && !JSON.stringify(messages[0]).includes('SUBTASK');
  const turn = messages.filter(({ role }) => role === 'assistant').length;
  if (isMain) requests.push({ turn, atMs: Date.now(), messages });
  sendAnswer(response, model, (isMain ? turns[turn] : undefined) ?? 'done', turn);
});

runClient(server, script, MAX_MS, { requests });
