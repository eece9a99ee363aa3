/** Undefined for what is not UTF-8. A capture that was cut may end within a character, which is then left out. */
export function decodeUtf8(bytes: Uint8Array, mayEndWithin: boolean): string | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes, { stream: mayEndWithin });
  } catch {
    return undefined;
  }
}

/** JSON over many lines; any other text as it is. */
export function layOut(text: string): string {
  // Only what is an object or a list gains by it.
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Sixteen bytes a line: offset, hex, and what is printable. */
export function hexLines(bytes: Uint8Array, most: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, most))];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const characters = row.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${characters.join('')}`);
  }
  return lines;
}
