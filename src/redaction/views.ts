import type { Edit } from './edits.ts';

/** A text as it reads once parts are decoded or omitted, and where each of these parts comes from. */
interface View {
  readonly text: string;
  /** In order: a part of the view, and the longer part of the text that it stands for. */
  readonly parts: readonly { at: number; length: number; from: number; to: number }[];
}

/** `\u002B` in strings, `\x2B`, `%2B`, `&#43;`; colours of terminals, raw or escaped; the zero bytes of UTF-16. */
const ENCODED = new RegExp(
  [
    String.raw`(?<slashes>\\{1,8})(?:u00(?<unicode>[0-9a-fA-F]{2})(?<colour>\[[\d;]{0,20}m)?|x(?<hex>[0-9a-fA-F]{2})(?<colour2>\[[\d;]{0,20}m)?|(?:033|e)\[[\d;]{0,20}m)`,
    '%(?<percent>[2-7][0-9a-fA-F])',
    '&(?:#(?<decimal>\\d{2,3})|#[xX](?<entity>[0-9a-fA-F]{2})|(?<named>quot|apos|amp|lt|gt));',
    '\x1b\\[[\\d;?]{0,20}[A-Za-z]',
    '\0+',
    String.raw`(?<slash>\\{1,8}/)`,
  ].join('|'),
  'g',
);
const MAY_BE_ENCODED = new RegExp(
  [
    String.raw`\\(?:\/|u00|x[0-9a-fA-F]{2}|033\[|e\[)`,
    '%[2-7][0-9a-fA-F]|&(?:#|quot|apos|amp|lt|gt)|\x1b\\[|\0',
  ].join('|'),
);
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ quot: '"', apos: "'", amp: '&', lt: '<', gt: '>' },
};

/** Undefined if nothing is encoded. */
export function decodedView(text: string): View | undefined {
  return MAY_BE_ENCODED.test(text) ? viewOf(text, ENCODED, decode) : undefined;
}

type Match = RegExpMatchArray & { readonly index: number };

function decode({ groups = {} }: Match): string | undefined {
  const { slashes, unicode, hex, percent, decimal, entity, named } = groups;
  if (groups['slash'] !== undefined) return '/';
  if ((unicode ?? hex)?.toLowerCase() === '1b') {
    return groups['colour'] === undefined && groups['colour2'] === undefined ? undefined : '';
  }
  const code = Number.parseInt(
    unicode ?? hex ?? percent ?? entity ?? decimal ?? '0',
    decimal ? 10 : 16,
  );
  if (named !== undefined) return standIn(ENTITIES[named] ?? '', undefined);
  if (code === 0) return '';
  if (code < 0x20 || code > 0x7e) return undefined;
  return standIn(String.fromCharCode(code), unicode === undefined ? undefined : slashes);
}

/** Replaces what would end a JSON string, or escape its end: in a view it is content. */
function standIn(character: string, slashes: string | undefined): string {
  if (character === '"') {
    return slashes === undefined ? "'" : `${'\\'.repeat(2 * slashes.length - 1)}"`;
  }
  return character === '\\' ? '/' : character;
}

/** A line break in a wrapped word: at least 8 characters precede it, and nothing else is on the next line. */
const LINE_END = String.raw`(?:\\{0,8}(?:\r\n|\n)|\\{1,8}(?:r\\{1,8})?n)`;
const WRAP = new RegExp(
  String.raw`${LINE_END}(?<=[\w+/=.-]{8}${LINE_END})(?=(?=[a-zA-Z_-]{0,80}\d|\d{0,80}[a-zA-Z])[\w+/=.-]{3,100}(?:[\r\n"'\x60]|\\|$))`,
  'g',
);

export function unwrappedView(text: string): View | undefined {
  return viewOf(text, WRAP, () => '');
}

function viewOf(
  text: string,
  pattern: RegExp,
  decoded: (match: Match) => string | undefined,
): View | undefined {
  const parts: View['parts'][number][] = [];
  let view = '';
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const instead = decoded(match);
    if (instead === undefined) continue;
    view += text.slice(done, match.index);
    done = match.index + match[0].length;
    parts.push({ at: view.length, length: instead.length, from: match.index, to: done });
    view += instead;
  }
  return parts.length === 0 ? undefined : { text: view + text.slice(done), parts };
}

/** How far around a part of a view related text may be, in characters. */
const REACH = 1000;
const BOUNDARY = /[ \t\r\n]/;

/** What `editsOf` finds around the parts of a view, as edits of the original text. */
export function editsAround(view: View, editsOf: (part: string) => readonly Edit[]): Edit[] {
  const edits: Edit[] = [];
  for (const { start, end } of surroundings(view)) {
    for (const edit of editsOf(view.text.slice(start, end))) {
      edits.push({ start: start + edit.start, end: start + edit.end, text: edit.text });
    }
  }
  return editsOfText(view, edits);
}

/** Whole lines or words; they do not overlap. */
function surroundings({ text, parts }: View): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  let done = 0;
  for (const { at, length } of parts) {
    const last = spans.at(-1);
    if (last !== undefined && at + length <= last.end - REACH / 2) continue;
    let start = Math.max(done, at - REACH);
    while (start > done && !BOUNDARY.test(text.charAt(start))) start -= 1;
    let end = Math.max(done, Math.min(text.length, at + length + REACH));
    while (end < text.length && !BOUNDARY.test(text.charAt(end - 1))) end += 1;
    if (last !== undefined && start === done) last.end = end;
    else spans.push({ start, end });
    done = end;
  }
  return spans;
}

/** Converts edits of a view to edits of its text; a decoded part is replaced as a whole. */
function editsOfText({ parts }: View, edits: readonly Edit[]): Edit[] {
  let next = 0;
  let shift = 0; // from positions in the view to positions in the text
  const passUntil = (isFurther: (part: View['parts'][number]) => boolean) => {
    for (let part = parts[next]; part !== undefined; part = parts[++next]) {
      if (isFurther(part)) return part;
      shift = part.to - (part.at + part.length);
    }
    return undefined;
  };
  return edits.map(({ start, end, text }) => {
    const first = passUntil((part) => part.at + part.length > start);
    const from = first !== undefined && first.at <= start ? first.from : start + shift;
    const last = passUntil((part) => part.at >= end || part.at + part.length > end);
    const to = last !== undefined && last.at < end ? last.to : end + shift;
    return { start: from, end: to, text };
  });
}
