import { isAllowed, type Principal } from '../../access/principal.ts';
import type { ServerMessage } from '../../contract/messages.ts';

/** Target of a subscription. */
export type Watched = { readonly jobs: readonly string[] } | { readonly channel: 'active' };

/** Checks whether a principal may watch a target. @returns `undefined` if it may */
export function watchRefusal(
  principal: Principal,
  watched: Watched,
): { code: 'forbidden'; detail: string } | undefined {
  const scope = 'jobs' in watched ? 'read' : 'dashboard';
  const may =
    'jobs' in watched
      ? watched.jobs.every((id) => isAllowed(principal, 'read', id))
      : isAllowed(principal, scope);
  return may ? undefined : { code: 'forbidden', detail: `The key needs the scope ${scope}.` };
}

/** Makes the response to an `auth` message. */
export function authorized({ scopes, expiresAt }: Principal): ServerMessage {
  const expires = expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() };
  return { type: 'authorized', scopes: [...scopes], ...expires };
}
