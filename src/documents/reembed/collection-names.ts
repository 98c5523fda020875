import { createHash } from 'node:crypto';

/**
 * Returns the name of the Chroma collection that a reembed job fills. It holds a hash, because a collection's own name
 * may already have all 512 characters.
 */
export function nextName(collection: string): string {
  return `sluice-next-${digest(collection)}`;
}

/** Returns the name that a collection's former vectors have between the switch and their deletion. */
export function formerName(collection: string): string {
  return `sluice-former-${digest(collection)}`;
}

function digest(collection: string): string {
  return createHash('sha256').update(collection).digest('hex').slice(0, 32);
}
