/**
 * The longest wait between two tries of a job, in ms. A service may ask for patience, but not for a day of it. Scripts
 * believe no due time beyond it, because a clock that was set back would keep such a job waiting.
 */
export const LONGEST_BACKOFF_MS = 300_000;
