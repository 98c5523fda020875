import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';

/** Interval of pings in ms. They reveal a dead connection, which a subscriber alone never notices. */
const PROOF_MS = 5000;

/**
 * Subscribes to the cancellations of running jobs on all machines.
 * @param subscriber a connection of its own, because a subscribed one takes no other command
 * @param onCancelled called with a job's id. The caller MUST ask Redis, because any program can publish one. Called without
 * an id after a lost connection, because a client may have cancelled any job meanwhile
 */
export async function listenForCancellations(
  subscriber: Redis,
  keys: Keys,
  onCancelled: (jobId?: string) => void,
): Promise<void> {
  subscriber.on('message', (_channel: string, jobId: string) => onCancelled(jobId));
  subscriber.on('ready', () => {
    // A connection lost meanwhile becomes ready again, and then subscribes.
    subscriber.subscribe(keys.cancelled).then(
      () => onCancelled(),
      () => {},
    );
  });
  const proof = setInterval(() => void subscriber.ping().catch(() => {}), PROOF_MS);
  subscriber.on('end', () => clearInterval(proof));
  await subscriber.subscribe(keys.cancelled);
}
