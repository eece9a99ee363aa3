/** A part of a text, and what stands in its place. */
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

/** A text that is edited in steps; it can tell all edits in the places of the text that it began with. */
export function createDraft(original: string) {
  let text = original;
  let edits: readonly Edit[] = [];
  return {
    text: (): string => text,
    edits: (): readonly Edit[] => edits,
    /** @param more in order, in places of the text as it is now; those that overlap one before are left out */
    apply(more: readonly Edit[]): void {
      const apart = more.filter((edit, index) => edit.start >= (more[index - 1]?.end ?? 0));
      if (apart.length === 0) return;
      text = applyEdits(text, apart);
      edits = joinEdits(edits, apart);
    },
  };
}

export type Draft = ReturnType<typeof createDraft>;

/** One list of two, where the places of `more` are those of the text that `edits` have made. */
function joinEdits(edits: readonly Edit[], more: readonly Edit[]): readonly Edit[] {
  const joined: Edit[] = [];
  let next = 0;
  let shift = 0; // from the places of the text that was to those of the text that `edits` have made
  for (const edit of more) {
    let old = edits[next];
    while (old !== undefined && old.start + shift + old.text.length <= edit.start) {
      joined.push(old);
      shift += old.text.length - (old.end - old.start);
      old = edits[++next];
    }
    let { text } = edit;
    let start = edit.start - shift;
    if (old !== undefined && old.start < start) {
      text = old.text.slice(0, start - old.start) + text;
      start = old.start;
    }
    let end = edit.end - shift;
    while (old !== undefined && old.start + shift < edit.end) {
      const rest = old.start + shift + old.text.length - edit.end;
      shift += old.text.length - (old.end - old.start);
      if (rest > 0) text += old.text.slice(-rest);
      end = rest > 0 ? old.end : edit.end - shift;
      old = edits[++next];
    }
    joined.push({ start, end, text });
  }
  return joined.concat(edits.slice(next));
}
