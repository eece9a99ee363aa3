/*
 * Small model APIs for one session of a real client: OpenAI's Responses and Chat Completions, and Gemini's. Each calls one
 * tool after the other, then says "done", and keeps what it received from the tools. It listens on loopback, starts the
 * client, and prints the results of both as JSON:
 *
 *   node model-apis.js SCRIPT.json      with { client, args, cwd, env, tools: [{ name, input }], now? }
 *
 * PORT in args and env is its port. The file `now` gets the number of the call that the client is at; after the last one it
 * stays.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { runClient } from './run-client.js';

const script = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { tools: calls } = script;

/** After this time the script kills the client, so that the test fails with a reason. */
const MAX_MS = 540_000;

const received = [];
const asked = [];
const seen = { received, asked, conversation: '', tookMs: [] };

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  asked.push(`${request.method} ${request.url}`);
  if (request.method === 'POST' && request.url.endsWith('/responses')) {
    answerResponses(response, JSON.parse(text));
  } else if (request.method === 'POST' && request.url.endsWith('/chat/completions')) {
    answerChat(response, JSON.parse(text));
  } else if (request.method === 'POST' && /:(?:streamG|g)enerateContent/.test(request.url)) {
    answerGemini(request.url, response, JSON.parse(text));
  } else if (request.method === 'POST' && request.url.includes(':countTokens')) {
    sendJson(response, { totalTokens: 1 });
  } else {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  }
});

const sendJson = (response, body) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const stream = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' });

let answeredMs = 0;

/**
 * Keeps all results so far, which each request has unless a client asks its model about something else, and gives the next
 * call.
 */
function nextCall(results, conversation) {
  if (results.length >= received.length) {
    if (results.length > received.length && received.length === seen.tookMs.length)
      seen.tookMs.push(Math.round(performance.now() - answeredMs));
    received.splice(0, received.length, ...results.map((result) => JSON.stringify(result)));
    seen.conversation = JSON.stringify(conversation);
  }
  const now = Math.min(results.length, calls.length - 1);
  if (script.now !== undefined) writeFileSync(script.now, `${now}\n`);
  answeredMs = performance.now();
  return calls[results.length];
}

function answerResponses(response, { input }) {
  const outputs = input.filter(({ type }) => /_output$/.test(type));
  const call = nextCall(
    outputs.map(({ output }) => output),
    input,
  );
  stream(response);
  const say = (type, data) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
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

function answerChat(response, { messages, tools, stream: isStream }) {
  const results = messages.filter(({ role }) => role === 'tool');
  const isMain = tools !== undefined && tools.length > 0;
  const call = isMain
    ? nextCall(
        results.map(({ content }) => content),
        messages.filter(({ role }) => role !== 'system'),
      )
    : undefined;
  const message =
    call === undefined
      ? { role: 'assistant', content: 'done' }
      : {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              index: 0,
              id: `call_${results.length}`,
              type: 'function',
              function: { name: call.name, arguments: JSON.stringify(call.input) },
            },
          ],
        };
  const finish = call === undefined ? 'stop' : 'tool_calls';
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const head = { id: 'c', created: 1, model: 'stub' };
  if (!isStream) {
    const choices = [{ index: 0, message, finish_reason: finish }];
    sendJson(response, { ...head, object: 'chat.completion', choices, usage });
    return;
  }
  stream(response);
  const say = (choices, rest) =>
    response.write(
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...rest })}\n\n`,
    );
  say([{ index: 0, delta: message, finish_reason: null }]);
  say([{ index: 0, delta: {}, finish_reason: finish }]);
  say([], { usage });
  response.end('data: [DONE]\n\n');
}

function answerGemini(url, response, { contents, tools }) {
  const results = contents.flatMap(({ parts }) =>
    parts.flatMap((part) => part.functionResponse ?? []),
  );
  const call = nextCall(
    results.map((result) => result.response),
    contents,
  );
  const isCalled = call !== undefined && JSON.stringify(tools ?? '').includes(call.name);
  const part = isCalled
    ? { functionCall: { name: call.name, args: call.input } }
    : { text: 'done' };
  const answer = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  };
  if (url.includes(':stream')) stream(response).end(`data: ${JSON.stringify(answer)}\n\n`);
  else sendJson(response, answer);
}

runClient(server, script, MAX_MS, seen);
