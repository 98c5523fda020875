import { createHash, randomBytes } from 'node:crypto';

import type { ApiKey } from '../../../src/access/api-keys.ts';
import type { Scope } from '../../../src/access/principal.ts';

/** Makes a key: the token that a client sends, and its entry in `API_KEYS`. */
export function makeKey(name: string, scopes: Scope[], expiresAt?: string): { token: string; entry: ApiKey } {
  const token = randomBytes(32).toString('base64url');
  const sha256 = createHash('sha256').update(token).digest('hex');
  return {
    token,
    entry: { name, scopes, sha256, ...(expiresAt !== undefined && { expires_at: expiresAt }) },
  };
}

/** Returns the headers that carry a key. */
export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}
