/*
 * Small model APIs for one session of a real client, OpenAI's Responses and Gemini's: each calls one tool, then says
 * "done", and keeps what it received from the tool. It listens on loopback, starts the client, and prints the
 * results of both as JSON:
 *
 *   node model-apis.js SCRIPT.json      with { client, args, cwd, env, tool: { name, input } }; PORT in args and env is its port
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { runClient } from './run-client.js';

const script = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { tool } = script;

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

const stream = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' });

function answerResponses(response, { input }) {
  const outputs = input.filter(({ type }) => /_output$/.test(type));
  for (const { output } of outputs) received.push(JSON.stringify(output));
  stream(response);
  const say = (type, data) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  const item =
    outputs.length > 0
      ? {
          type: 'message',
          role: 'assistant',
          id: 'msg',
          content: [{ type: 'output_text', text: 'done' }],
        }
      : {
          type: 'function_call',
          id: 'fc',
          call_id: 'call',
          name: tool.name,
          arguments: JSON.stringify(tool.input),
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
  for (const { response: result } of results) received.push(JSON.stringify(result));
  const calls = results.length === 0 && JSON.stringify(tools ?? '').includes(tool.name);
  const part = calls ? { functionCall: { name: tool.name, args: tool.input } } : { text: 'done' };
  const answer = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  };
  if (url.includes(':stream')) stream(response).end(`data: ${JSON.stringify(answer)}\n\n`);
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

runClient(server, script, MAX_MS, { received, asked });
