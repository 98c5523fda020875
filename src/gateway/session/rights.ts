import type { Access } from '../../access/access.ts';
import { isAllowed, type Principal } from '../../access/principal.ts';
import type { ServerMessage } from '../../contract/messages.ts';
import { AppError } from '../../errors.ts';

/** Target of a subscription. */
export type Watched =
  | { readonly channel: 'jobs'; readonly jobs?: readonly string[] | undefined }
  | { readonly channel: 'active' | 'batch' | 'stats' };

/** Checks whether a principal may watch a target. @returns `undefined` if it may */
export function watchRefusal(
  principal: Principal,
  watched: Watched,
): { code: 'forbidden'; detail: string } | undefined {
  const scope = watched.channel === 'jobs' || watched.channel === 'batch' ? 'read' : 'dashboard';
  const may =
    watched.channel === 'jobs' && watched.jobs
      ? watched.jobs.every((id) => isAllowed(principal, 'read', id))
      : isAllowed(principal, scope);
  return may ? undefined : { code: 'forbidden', detail: `The key needs the scope ${scope}.` };
}

/**
 * Reads the principal of a token that replaces an open session's.
 * @throws {AppError} `unauthorized`
 */
export async function replacePrincipal(access: Access, token: string, before: Principal): Promise<Principal> {
  const principal = await access.ofToken(token);
  // The session's subscriptions watch the jobs of the first tenant.
  if (principal.tenant !== before.tenant)
    throw new AppError('unauthorized', 'The key belongs to another tenant. Open another connection with it.');
  return principal;
}

/** Makes the response to an `auth` message. @param id number that the message has */
export function authorized({ scopes, expiresAt }: Principal, id: number | undefined): ServerMessage {
  const expires = expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() };
  return { type: 'authorized', ...(id !== undefined && { id }), scopes: [...scopes], ...expires };
}
