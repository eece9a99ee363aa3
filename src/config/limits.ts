/** Maximum value of `max bytes`: a frame must be able to hold that much. */
export const MAX_PAYLOAD_CAP = 64 * 1024 * 1024;

/** Maximum time to live and retention: a hundred years, so that date arithmetic stays valid. */
export const MAX_DAYS = 36_500;
export const MAX_TTL_SECONDS = MAX_DAYS * 86_400;
