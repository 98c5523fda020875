import type { Departures } from './departures.ts';
import type { Updates } from './updates.ts';

/** Backlog limits for a client that has been blocked longer than {@link BACKED_UP_MS}. */
const MOST_JOBS = 1000;
const MOST_BYTES = 256 * 1024;
const BACKED_UP_MS = 1000;
/** Longest time in ms that a client may read nothing. */
const LONGEST_SILENCE_MS = 30_000;

/**
 * Returns whether a client is so far behind that a new start serves it better.
 * @param silentMs for how long it has read nothing
 */
export function isTooFarBehind(
  silentMs: number,
  updates: Updates,
  { size, bytes }: Pick<Departures, 'size' | 'bytes'> = { size: 0, bytes: 0 },
): boolean {
  if (silentMs < BACKED_UP_MS) return false;
  const most = Math.max(updates.size, size);
  return silentMs > LONGEST_SILENCE_MS || most > MOST_JOBS || updates.bytes + bytes > MOST_BYTES;
}
