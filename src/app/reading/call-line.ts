import { type Fields, fieldsOf, isFields } from '../../domain/answer/fields.ts';
import { visible } from '../../domain/text/visible.ts';

const MAX_CHARACTERS = 80;

/** A longer payload is searched instead of parsed: only its beginning matters. */
const MAX_PARSED = 64 * 1024;

/** More of a value than is shown. */
const MAX_VALUE = 1000;

/** The fields of an input that say what a call was about, the most telling first. */
const TELLING = [
  'command',
  'file_path',
  'notebook_path',
  'absolute_path',
  'pattern',
  'path',
  'url',
  'query',
  'skill',
  'description',
  'prompt',
];

/** Cursor and prompts have their input at the top of the payload, under an event without a tool. */
const WITHOUT_TOOL = [
  ['command', 'Shell'],
  ['file_path', 'File'],
  ['prompt', 'Prompt'],
] as const;

/**
 * What a call was about, in one line: `Bash: rm -rf build`. It shows the payload as it was stored, so redacted where that
 * was; control characters are escaped. Undefined if the payload does not tell.
 * @param payload parsed, or its text, which may be truncated
 */
export function callLine(payload: unknown): string | undefined {
  const fields = typeof payload === 'string' ? read(payload) : fieldsOf(payload);
  const tool = textIn(fields, ['tool_name', 'toolName']);
  const input = inputOf(fields['tool_input'] ?? fields['toolArgs']);
  if (tool !== undefined) return line(tool, sayOf(input, fields['cwd']));
  const [first, ...more] = Array.isArray(fields['tool_calls']) ? fields['tool_calls'] : [];
  const call = isFields(first) ? callLine({ cwd: fields['cwd'], ...first }) : undefined;
  if (call !== undefined) return more.length === 0 ? call : cut(call, ` and ${more.length} more`);
  const [field, label] = WITHOUT_TOOL.find(([name]) => textIn(fields, [name]) !== undefined) ?? [];
  return label === undefined
    ? undefined
    : line(label, sayOf({ [field]: fields[field] }, undefined));
}

function read(text: string): Fields {
  if (text.length <= MAX_PARSED) {
    try {
      return fieldsOf(JSON.parse(text.replace(/^\u{feff}/u, '')));
    } catch {
      // It is truncated, or no JSON.
    }
  }
  return search(text.slice(0, MAX_PARSED));
}

/** Finds the same fields in the text of an object. A quote within a string is escaped, so only real names match. */
function search(text: string): Fields {
  const textOf = (name: string): string | undefined => {
    const [, value] =
      new RegExp(`[{,]\\s*"${name}"\\s*:\\s*"((?:[^"\\\\]|\\\\.){0,${MAX_VALUE}})`, 's').exec(
        text,
      ) ?? [];
    if (value === undefined) return undefined;
    try {
      // The text may end within an escape.
      return JSON.parse(`"${value.replace(/\\u[\da-f]{0,3}$/i, '')}"`) as string;
    } catch {
      return undefined;
    }
  };
  const fields = (names: readonly string[]): Fields =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = textOf(name);
        return value ? [[name, value]] : [];
      }),
    );
  const input = fields(TELLING);
  return { ...input, ...fields(['tool_name', 'toolName', 'cwd']), tool_input: input };
}

/** Copilot CLI and Cursor send the input as a text of JSON. */
function inputOf(input: unknown): unknown {
  if (typeof input !== 'string' || !input.trimStart().startsWith('{')) return input;
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

/** The most telling value of an input; paths below the working directory are relative to it. */
function sayOf(input: unknown, cwd: unknown): string | undefined {
  if (!isFields(input)) return typeof input === 'string' ? input : undefined;
  const value = textIn(input, TELLING) ?? textIn(input, Object.keys(input)) ?? jsonOf(input);
  const isBelow = typeof cwd === 'string' && cwd !== '' && value?.startsWith(`${cwd}/`);
  return isBelow ? value?.slice(cwd.length + 1) : value;
}

const jsonOf = (input: Fields): string | undefined =>
  Object.keys(input).length === 0 ? undefined : JSON.stringify(input);

/** The first of these fields that is a text, or a list of texts. */
function textIn(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const text = Array.isArray(value)
      ? value.filter((one) => typeof one === 'string').join(' ')
      : value;
    if (typeof text === 'string' && text.trim() !== '') return text;
  }
  return undefined;
}

function line(tool: string, input: string | undefined): string {
  const [name, said] = [tool, input ?? ''].map((text) => text.trim().slice(0, MAX_VALUE));
  return cut(visible(said === '' ? `${name}` : `${name}: ${said}`), '');
}

/** Shortens a text, and keeps what follows it. */
function cut(text: string, end: string): string {
  const characters = [...text];
  const room = MAX_CHARACTERS - end.length;
  return (characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`) + end;
}
