/**
 * Longest wait between two attempts of a job, in ms. A service may ask for minutes, but not for a day. Scripts treat
 * a later due time as due. Otherwise a clock that was set back would keep such a job waiting.
 */
export const LONGEST_BACKOFF_MS = 300_000;
