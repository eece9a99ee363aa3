/** The blocks of all messages, in their order. */
export const blocksOf = (messages) =>
  messages.flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  );

/** Streams one answer of a model: a text, or the tools that it calls. The ids contain `name`. */
export function sendAnswer(response, model, content, name) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const say = (type, data) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: `msg_${name}`, type: 'message', role: 'assistant', model, content: [] };
  const open = { stop_reason: null, stop_sequence: null };
  say('message_start', { message: { ...message, ...open, usage } });
  const blocks = typeof content === 'string' ? [content] : content;
  blocks.forEach((block, index) => {
    const isText = typeof block === 'string';
    const start = isText
      ? { type: 'text', text: '' }
      : { type: 'tool_use', id: `toolu_${name}_${index}`, name: block.name, input: {} };
    const delta = isText
      ? { type: 'text_delta', text: block }
      : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
    say('content_block_start', { index, content_block: start });
    say('content_block_delta', { index, delta });
    say('content_block_stop', { index });
  });
  const reason = typeof content === 'string' ? 'end_turn' : 'tool_use';
  say('message_delta', { delta: { ...open, stop_reason: reason }, usage });
  say('message_stop', {});
  response.end();
}
