/** An object of JSON that somebody else wrote. */
export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value if it is an object; else one without members. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
