import { setTimeout as sleep } from 'node:timers/promises';

import { admissionMs } from './admission.ts';

/** Sessions that a drain asks at a time, with a pause in between, so that other work of the process goes on. */
const SLICE = 500;
const PAUSE_MS = 25;
/**
 * Earliest return of a client, in ms. A lone gateway is away while it restarts, some 1.5 s. Each try that fails until then
 * doubles a client's next pause. With returns from 0 to 2 s, 1,000 clients were back after 4.1–8.0 s, and after a kill in 3.7–4.2 s.
 */
const EARLIEST_RETURN_MS = 500;
/** Shortest time in ms over which the returns spread. */
const SHORTEST_SPREAD_MS = 500;

/** Returns when a client of many comes back after a drain, in ms: all within the time in which a lone gateway admits them. */
export function returnAfterMs(clients: number, random = Math.random()): number {
  return Math.round(EARLIEST_RETURN_MS + random * Math.max(SHORTEST_SPREAD_MS, admissionMs(clients)));
}

/** Asks sessions to leave in groups, and to return at different times. */
export async function drainAll(
  sessions: readonly { drain(afterMs: number): Promise<void> }[],
): Promise<void> {
  for (let from = 0; from < sessions.length; from += SLICE) {
    if (from > 0) await sleep(PAUSE_MS);
    for (const session of sessions.slice(from, from + SLICE))
      void session.drain(returnAfterMs(sessions.length));
  }
}
