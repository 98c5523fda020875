import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';

/** A connection that only listens owes no reply, so a dead one would never be found out. */
const PROOF_MS = 5000;

/**
 * Hears of every job that is cancelled while it runs, on whichever machine.
 * @param subscriber a connection of its own, for a subscribed one can do nothing else
 * @param onCancelled called with the id of a job that is said to be cancelled: every program that can reach Redis
 * may say so. Without one after the connection was lost: any job may have been
 */
export async function listenForCancellations(
  subscriber: Redis,
  keys: Keys,
  onCancelled: (jobId?: string) => void,
): Promise<void> {
  subscriber.on('message', (_channel: string, jobId: string) => onCancelled(jobId));
  subscriber.on('ready', () => {
    // A connection that is lost meanwhile will be ready once more.
    subscriber.subscribe(keys.cancelled).then(
      () => onCancelled(),
      () => {},
    );
  });
  const proof = setInterval(() => void subscriber.ping().catch(() => {}), PROOF_MS);
  subscriber.on('end', () => clearInterval(proof));
  await subscriber.subscribe(keys.cancelled);
}
