/** Adds to an object the values that are known. With `exactOptionalPropertyTypes`, an absent one must be omitted, not undefined. */
export function addKnown<T extends object>(
  target: T,
  values: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) target[key] = value;
  }
  return target;
}
