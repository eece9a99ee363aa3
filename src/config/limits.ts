/** The largest payload cap, in bytes: a frame must be able to hold it. */
export const MAX_PAYLOAD_CAP = 64 * 1024 * 1024;

/** Longest time-to-live and retention: a hundred years, so that date arithmetic stays sound. */
export const MAX_DAYS = 36_500;
export const MAX_TTL_SECONDS = MAX_DAYS * 86_400;
