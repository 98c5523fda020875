import type { Role } from '../config.ts';

/**
 * Node's own flags for a role's process: how large the nursery of its heap may grow. A worker passes vectors on as fast
 * as they come, and V8 would let a hundred MB of them lie around before it looks; kept small, it stays under 250 MB
 * whatever the document. To a gateway come many clients at once, and what their joining takes for a moment would leave
 * its heap full of holes: kept small, ten thousand sessions take a third of the memory.
 */
const FLAGS: Partial<Record<Role, readonly string[]>> = {
  worker: ['--max-semi-space-size=2'],
  gateway: ['--max-semi-space-size=4'],
};

/** What Node is to be started with for a process of these roles. */
export function nodeFlags(roles: readonly Role[]): string[] {
  return roles.flatMap((role) => FLAGS[role] ?? []);
}
