/** JSON has no words for a value or a part of it, or fewer than it takes to tell it from others. */
class NotInJson extends Error {
  override readonly name = 'NotInJson';
}

/** Whether a value's JSON says all of it: what is made of that again can stand for it. Never throws. */
export function isAllInJson(value: unknown): boolean {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * JSON with the members of each object in the order of their names, so that equal values give equal texts. Stricter than
 * `JSON.stringify`, which makes null or `{}` of what it has no words for.
 * @throws NotInJson, or what a getter throws
 */
export function canonicalJson(value: unknown): string {
  const json = hasToJson(value) ? (value.toJSON() as unknown) : value;
  // As of a date that is none.
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

/** Of anything else, such as a Map, its members do not say what it is. */
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
