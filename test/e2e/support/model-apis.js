/*
 * Small model APIs for one session of a real client, OpenAI's Responses and Gemini's: each calls one tool after the
 * other, then says "done", and keeps what it received from the tools. It listens on loopback, starts the client, and
 * prints the results of both as JSON:
 *
 *   node model-apis.js SCRIPT.json      with { client, args, cwd, env, tools: [{ name, input }] }; PORT in args and env is
 *                                       its port
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { runClient } from './run-client.js';

const script = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { tools: calls } = script;

/** After this time the script kills the client, so that the test fails with a reason. */
const MAX_MS = 60_000;

const received = [];
const asked = [];

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  asked.push(`${request.method} ${request.url}`);
  if (request.method === 'POST' && request.url.endsWith('/responses')) {
    answerResponses(response, JSON.parse(text));
  } else if (request.method === 'POST' && /:(?:streamG|g)enerateContent/.test(request.url)) {
    answerGemini(request.url, response, JSON.parse(text));
  } else if (request.method === 'POST' && request.url.includes(':countTokens')) {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"totalTokens":1}');
  } else {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  }
});

/** Each request has all results so far, unless a client asks its model about something else. */
function keep(results) {
  if (results.length < received.length) return;
  received.splice(0, received.length, ...results.map((result) => JSON.stringify(result)));
}

const stream = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' });

function answerResponses(response, { input }) {
  const outputs = input.filter(({ type }) => /_output$/.test(type));
  keep(outputs.map(({ output }) => output));
  stream(response);
  const say = (type, data) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  const call = calls[outputs.length];
  const item =
    call === undefined
      ? {
          type: 'message',
          role: 'assistant',
          id: 'msg',
          content: [{ type: 'output_text', text: 'done' }],
        }
      : {
          type: 'function_call',
          id: `fc${outputs.length}`,
          call_id: `call${outputs.length}`,
          name: call.name,
          arguments: JSON.stringify(call.input),
        };
  say('response.created', { response: { id: 'r' } });
  say('response.output_item.done', { output_index: 0, item });
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  say('response.completed', { response: { id: 'r', output: [item], usage } });
  response.end();
}

function answerGemini(url, response, { contents, tools }) {
  const results = contents.flatMap(({ parts }) =>
    parts.flatMap((part) => part.functionResponse ?? []),
  );
  keep(results.map((result) => result.response));
  const call = calls[results.length];
  const isCalled = call !== undefined && JSON.stringify(tools ?? '').includes(call.name);
  const part = isCalled
    ? { functionCall: { name: call.name, args: call.input } }
    : { text: 'done' };
  const answer = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  };
  if (url.includes(':stream')) stream(response).end(`data: ${JSON.stringify(answer)}\n\n`);
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

runClient(server, script, MAX_MS, { received, asked });
