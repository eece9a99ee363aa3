import { type Edit, placeholder } from '../edits.ts';
import type { Run } from '../scan.ts';

/**
 * Finds private keys by their lines, whatever stands in front of each line (numbers, arrows, `> `, `│`) or between lines
 * (quotes, plus signs), and however line breaks are escaped. All code here reads each part of a text only once.
 */
const NAME = placeholder('private-key');

const MAY_BE_MARKED = /PRIVATE KEY|Static key|Private-Lines/;
const MARKERS =
  /-{4,5} ?(BEGIN|END) ([A-Za-z0-9 ]{0,40}?(?:PRIVATE KEY(?: BLOCK)?|Static key V1|[A-Z]{3,20}))(?: ?-{4,5}|(?=[\r\n\\]|$))|Private-Lines: ?\d{1,3}/g;
const SECRET_MARKER = /PRIVATE KEY|Static key/;

/** At least 16 characters of base64. */
const RUNS = /[A-Za-z0-9+/=]{16}[A-Za-z0-9+/=]*/g;
const BREAK = /[\r\n]|\\[nr]/;

/** How the DER of a private key, or OpenSSH's own key format, begins in base64. */
const KEY_START =
  /^(?:MII[A-Za-z0-9+/]{3}IBA(?:A|DAN)|MI(?:G|H|IB)[A-Za-z0-9+/]{1,6}(?:AgEAMB|AgEBB)|MHcCAQEE|M[CEFG][A-Za-z0-9+/](?:CAQ|AgE)|MII[A-Za-z0-9+/]{3}[A-Za-z0-9+/]{2,4}BgkqhkiG9w0BBQ|b3BlbnNzaC1rZXkt|LS0tLS1CRUdJTi[A-Za-z0-9+/]{0,24}(?:UFJJVkFURS|BSSVZBVEUg|QUklWQVRFI))/;
/** Line widths that tell the middle of a key from other base64; one more column for the sign of a diff. */
const KEY_WIDTHS = [64, 65, 70, 71];

/** @param runs of base64; the letter of a JSON escape in front is not part of them */
export function keyEdits(text: string, runs: readonly Run[]): Edit[] {
  if (!runs.some(({ start, end }) => end - start >= 40) && !MAY_BE_MARKED.test(text)) return [];
  const markers = [...text.matchAll(MARKERS)];
  const whole = editsBetweenMarkers(text, markers);
  const edits = [...whole];
  const endsBefore = nextOf(whole, ({ end }) => end);
  const startsBefore = nextOf(markers, ({ index }) => index + 1);
  for (const chain of chainsOf(text, runs)) {
    const [first, last] = [chain[0], chain.at(-1)];
    if (first === undefined || last === undefined) continue;
    const covering = whole[endsBefore(first.start)];
    if (covering !== undefined && covering.start < last.end) continue;
    const next = startsBefore(first.start);
    if (isKey(text, chain, markers[next - 1], markers[next])) {
      edits.push(...editsOf(text, chain, first, last));
    }
  }
  return edits.sort((a, b) => a.start - b.start);
}

/** For increasing positions: the index of the first item that ends after the position. */
function nextOf<T>(items: readonly T[], endOf: (item: T) => number): (place: number) => number {
  let next = 0;
  return (place) => {
    for (let item = items[next]; item !== undefined && endOf(item) <= place; item = items[next]) {
      next += 1;
    }
    return next;
  };
}

/** One edit, unless something between the lines must stay. */
function editsOf(text: string, chain: readonly Run[], first: Run, last: Run): Edit[] {
  const short = rest(text, last);
  const end = short[0]?.end ?? last.end;
  return /["'`{}]/.test(text.slice(first.start, end))
    ? [...chain.map((run) => ({ ...run, text: NAME })), ...short]
    : [{ start: first.start, end, text: NAME }];
}

/** Leading lines that end in a line of a key, after whatever a log writes before it, and the key's short last line. */
const LOGGED_LINES =
  /^(?:[^\r\n]{0,120}?(?<![A-Za-z0-9+/])(?=[a-z0-9+/]{0,75}[A-Z])(?=[A-Z0-9+/]{0,75}[a-z])[A-Za-z0-9+/]{60,76}[^\w\r\n]{0,12}[\r\n]{1,2})+(?:[^\r\n]{0,120}?[A-Za-z0-9+/=]{1,76}[^\w\r\n]{0,12}[\r\n]{1,2}(?=[^\r\n]{0,120}-----END))?/;

/** Replaces the lines at the start of a text that may be the end of a truncated key. */
export function withoutKeyAtStart(text: string, runs: readonly Run[]): string {
  const logged = LOGGED_LINES.exec(text)?.[0].length ?? 0;
  const end = endOfChainAtStart(text, runs);
  if (logged > end) return `${NAME}\n${text.slice(logged)}`;
  return end === 0 ? text : NAME + text.slice(end);
}

function endOfChainAtStart(text: string, runs: readonly Run[]): number {
  const [chain] = chainsOf(text, runs);
  const [first, last] = [chain?.[0], chain?.at(-1)];
  if (first === undefined || last === undefined || first.start > 40) return 0;
  const isShort = chain?.length === 1 && last.end - first.start < 40;
  if (isShort && (first.start > 0 || !isRandom(text.slice(0, last.end)))) return 0;
  return rest(text, last)[0]?.end ?? last.end;
}

/** From each BEGIN to its END. */
function editsBetweenMarkers(text: string, markers: readonly RegExpExecArray[]): Edit[] {
  return markers.flatMap((begin, index) => {
    const end = markers[index + 1];
    const isPair = begin[1] === 'BEGIN' && end?.[1] === 'END' && SECRET_MARKER.test(begin[2] ?? '');
    if (!isPair || end === undefined || end.index - begin.index > 65_536) return [];
    const from = begin.index + begin[0].length;
    const body = text.slice(from, end.index);
    if (!/["'`{}]/.test(body)) {
      return [{ start: begin.index, end: end.index + end[0].length, text: NAME }];
    }
    return isMostlyKey(body) ? piecesOf(body, from) : [];
  });
}

/** JSON values that have no quotes. */
const IS_JSON = /^(?:\d+(?:[eE]\+?\d+)?|true|false|null)$/;

function isMostlyKey(body: string): boolean {
  const all = body.replace(/[^A-Za-z0-9+/=]/g, '').length;
  const inRuns = (body.match(RUNS) ?? []).reduce((sum, run) => sum + run.length, 0);
  return inRuns > all / 2;
}

/** If there are quotes between the lines, only what is inside them goes, so that JSON stays JSON. */
function piecesOf(body: string, offset: number): Edit[] {
  const pieces =
    /\\+(?:u[0-9a-fA-F]{4}|[\s\S])|([A-Za-z0-9+/=]{3}[A-Za-z0-9+/=]*)(?![A-Za-z0-9+/=]|\\*["'][ \t]*:)/g;
  return [...body.matchAll(pieces)].flatMap((match) =>
    match[1] === undefined || IS_JSON.test(match[1])
      ? []
      : [{ start: offset + match.index, end: offset + match.index + match[0].length, text: NAME }],
  );
}

/** Groups runs of base64 on consecutive lines. */
function chainsOf(text: string, runs: readonly Run[]): Run[][] {
  const chains: Run[][] = [];
  let before: Run | undefined;
  for (const run of runs) {
    const isNext = before !== undefined && isLineBreak(text, before.end, run.start);
    if (isNext) chains.at(-1)?.push(run);
    else chains.push([run]);
    before = run;
  }
  return chains;
}

function isLineBreak(text: string, start: number, end: number): boolean {
  if (end - start > 60) return false;
  const gap = text.slice(start, end);
  return BREAK.test(gap) && !/[-{}[\]]{4}|(?<!\d):/.test(gap);
}

function isKey(
  text: string,
  chain: readonly Run[],
  before: RegExpExecArray | undefined,
  after: RegExpExecArray | undefined,
): boolean {
  const [first, last] = [chain[0], chain.at(-1)];
  if (first === undefined || last === undefined) return false;
  const start = text.slice(first.start, first.start + 120);
  const marker = markerInFront(text, first.start, before);
  if (marker?.isSecret) return isRandom(start);
  if (after?.[1] === 'END' && after.index - last.end < 60) {
    return SECRET_MARKER.test(after[2] ?? '') && !marker?.isBegin;
  }
  return (
    !marker?.isBegin &&
    (KEY_START.test(start) ||
      (hasKeyWidth(chain) && isRandom(text.slice(first.start, first.end)) && !IMAGE.test(start)))
  );
}

/** How images, documents and archives begin. */
const IMAGE = /^(?:iVBORw|\/9j\/|R0lGOD|UklGR|JVBERi|UEsDB|H4sI)/;

/** The marker that a key here would belong to. PuTTY's marker has neither BEGIN nor END. */
function markerInFront(text: string, start: number, marker: RegExpExecArray | undefined) {
  if (marker === undefined) return undefined;
  if (start - (marker.index + marker[0].length) >= headerLength(text, marker)) return undefined;
  const isBegin = marker[1] === 'BEGIN';
  const isSecret = isBegin ? SECRET_MARKER.test(marker[2] ?? '') : marker[1] === undefined;
  return { isBegin, isSecret };
}

function hasKeyWidth(chain: readonly Run[]): boolean {
  const widths = chain.map(({ start, end }) => end - start);
  const [width = 0] = widths;
  const isFull = chain.length > 2 || (chain.length === 2 && widths[1] === width);
  return (
    isFull && KEY_WIDTHS.includes(width) && widths.slice(0, -1).every((other) => other === width)
  );
}

/** How far after a marker a key may begin: right there, or after headers such as `Proc-Type: 4,ENCRYPTED`. */
function headerLength(text: string, marker: RegExpExecArray): number {
  const end = marker.index + marker[0].length;
  return /Proc-Type|DEK-Info|Version|Comment/.test(text.slice(end, end + 60)) ? 400 : 60;
}

const isRandom = (start: string): boolean =>
  /[A-Z]/.test(start) && /[a-z]/.test(start) && /[\d+/]/.test(start);

const LAST_LINE =
  /[^A-Za-z0-9+/=:{}[\]]{0,12}(?:[\r\n]|\\+[nr])(?:[^A-Za-z0-9+/=:{}[\]\\]{0,24}|[ \t]{0,8}\d{1,6}[^A-Za-z0-9+/=:{}[\]\\]{1,12})([A-Za-z0-9+/=]{1,15})(?=[ \t]*(?:[\r\n"'`\\|│+,*<\xe2]|$))/y;

/** The short line at the end of a key. */
function rest(text: string, last: Run): Edit[] {
  LAST_LINE.lastIndex = last.end;
  const [whole, short] = LAST_LINE.exec(text) ?? [];
  if (whole === undefined || short === undefined || IS_JSON.test(short)) return [];
  const end = last.end + whole.length;
  return [{ start: end - short.length, end, text: NAME }];
}
