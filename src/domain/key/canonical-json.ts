/** JSON cannot express a value or a part of it, or not well enough to tell it from other values. */
class NotInJson extends Error {
  override readonly name = 'NotInJson';
}

/** Whether JSON expresses a value completely, so that the parsed JSON can replace it. Never throws. */
export function isAllInJson(value: unknown): boolean {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * JSON with each object's members sorted by name, so that equal values give equal texts. Stricter than `JSON.stringify`,
 * which turns what it cannot express into null or `{}`.
 * @throws NotInJson, or what a getter throws
 */
export function canonicalJson(value: unknown): string {
  const json = hasToJson(value) ? (value.toJSON() as unknown) : value;
  // `toJSON` of an invalid date gives null.
  if (json === null && value !== null) throw new NotInJson();
  if (json === null || typeof json === 'string' || typeof json === 'boolean') {
    return JSON.stringify(json);
  }
  if (typeof json === 'number' && Number.isFinite(json)) return JSON.stringify(json);
  if (Array.isArray(json)) return `[${Array.from(json, canonicalJson).join(',')}]`;
  if (!isPlain(json)) throw new NotInJson();
  const members = Object.keys(json)
    .filter((name) => json[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(json[name])}`);
  return `{${members.join(',')}}`;
}

/** The members of any other object, such as a Map, do not describe it. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function hasToJson(value: unknown): value is { toJSON: () => unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'toJSON' in value &&
    typeof value.toJSON === 'function'
  );
}
