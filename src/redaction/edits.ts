/** A part of a text and its replacement. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export const placeholder = (name: string): string => `[redacted:${name}]`;

export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let done = 0;
  for (const edit of edits) {
    result += text.slice(done, edit.start) + edit.text;
    done = edit.end;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** A text that is edited in steps; it can return all edits by their positions in the original text. */
export function createDraft(original: string) {
  let text = original;
  let edits: readonly Edit[] = [];
  return {
    text: (): string => text,
    edits: (): readonly Edit[] => edits,
    /**
     * @param more in order, with positions in the current text; an edit that overlaps the one before is skipped
     * @returns the edits that were applied
     */
    apply(more: readonly Edit[]): readonly Edit[] {
      const apart = more.filter((edit, index) => edit.start >= (more[index - 1]?.end ?? 0));
      if (apart.length > 0) {
        text = applyEdits(text, apart);
        edits = joinEdits(edits, apart);
      }
      return apart;
    },
  };
}

export type Draft = ReturnType<typeof createDraft>;

/** Merges two lists; the positions of `more` are those in the text after `edits`. */
function joinEdits(edits: readonly Edit[], more: readonly Edit[]): readonly Edit[] {
  const joined: Edit[] = [];
  let next = 0;
  let shift = 0; // from positions in the old text to positions in the text after `edits`
  /** The next of the old edits if it lies before `place`, with its position in the text after `edits`. */
  const takeBefore = (place: number, isWhole: boolean) => {
    const old = edits[next];
    if (old === undefined) return undefined;
    const [start, end] = [old.start + shift, old.start + shift + old.text.length];
    if (isWhole ? end > place : start >= place) return undefined;
    next += 1;
    shift += old.text.length - (old.end - old.start);
    return { old, start, end };
  };
  for (const edit of more) {
    for (let apart = takeBefore(edit.start, true); apart !== undefined; ) {
      joined.push(apart.old);
      apart = takeBefore(edit.start, true);
    }
    joined.push(
      absorb(
        edit,
        shift,
        () => takeBefore(edit.end, false),
        () => shift,
      ),
    );
  }
  return joined.concat(edits.slice(next));
}

type Taken = { readonly old: Edit; readonly start: number; readonly end: number } | undefined;

/** Joins an edit with the old edits that it overlaps; positions are those in the old text. */
function absorb(edit: Edit, shift: number, take: () => Taken, shiftNow: () => number): Edit {
  let { text } = edit;
  let start = edit.start - shift;
  let taken = take();
  if (taken === undefined) return { start, end: edit.end - shift, text };
  if (taken.start < edit.start) {
    text = taken.old.text.slice(0, edit.start - taken.start) + text;
    start = taken.old.start;
  }
  let last = taken;
  for (; taken !== undefined; taken = take()) last = taken;
  const rest = last.end - edit.end;
  if (rest <= 0) return { start, end: edit.end - shiftNow(), text };
  return { start, end: last.old.end, text: text + last.old.text.slice(-rest) };
}
