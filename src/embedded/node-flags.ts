import type { Role } from '../config.ts';

/**
 * Limit of the heap's nursery per role, in MB. A process of several roles gets the largest.
 * - `worker`: it passes vectors on as they come. V8 would keep a hundred MB of dead ones. With 2 MB it stays under 250 MB.
 * - `gateway`: many clients join at once, and leave holes in the heap. With 4 MB ten thousand sessions take a third of
 *   the memory.
 * - `api`: under a flood, V8 collects a nursery of 4 MB every 25 ms, and takes 5 ms. With 16 MB the others' p99 halved.
 */
const NURSERY_MB: Partial<Record<Role, number>> = { worker: 2, gateway: 4, api: 16 };

/** Returns Node's flags for a process of these roles. */
export function nodeFlags(roles: readonly Role[]): string[] {
  const sizes = roles.flatMap((role) => NURSERY_MB[role] ?? []);
  return sizes.length > 0 ? [`--max-semi-space-size=${Math.max(...sizes)}`] : [];
}
