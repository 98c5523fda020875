import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';

/** A connection that only listens owes no answer, so a dead one would never be found out. */
const PROOF_MS = 5000;

/**
 * Hears of every job that is cancelled while it runs, on whichever machine. Should one be missed, the next
 * renewal of its lease tells.
 * @param subscriber a connection of its own, for a subscribed one can do nothing else
 */
export async function listenForCancellations(
  subscriber: Redis,
  keys: Keys,
  onCancelled: (jobId: string) => void,
): Promise<void> {
  subscriber.on('message', (_channel: string, jobId: string) => onCancelled(jobId));
  const proof = setInterval(() => void subscriber.ping().catch(() => {}), PROOF_MS);
  subscriber.on('end', () => clearInterval(proof));
  await subscriber.subscribe(keys.cancelled);
}
