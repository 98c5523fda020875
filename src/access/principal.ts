import { DEFAULT_TENANT } from '../redis/keys.ts';

/** What a key may allow. `admin` includes the others. */
export const SCOPES = ['upload', 'read', 'dashboard', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** On whose behalf a request or session acts: made once for each, and passed to every service. */
export interface Principal {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** The name of the key. */
  readonly keyId: string;
  /** The one job that it may read, beside what the scopes allow. */
  readonly job?: string | undefined;
  /** Whose key made the token of that job. */
  readonly issuer?: Principal | undefined;
  /** Unix time in ms; absent if it never expires. */
  readonly expiresAt?: number | undefined;
}

/** Everybody, while no keys are configured. */
export const ANONYMOUS: Principal = { tenant: DEFAULT_TENANT, scopes: ['admin'], keyId: 'anonymous' };

/** Returns whether a principal holds a key itself, and not the token of one job. */
export function isKeyed({ keyId, job }: Principal): boolean {
  return keyId !== ANONYMOUS.keyId && job === undefined;
}

/** Makes the principal of a configured key. Its tenant is the only one, for now. */
export function keyPrincipal(keyId: string, scopes: readonly Scope[], expiresAt?: number): Principal {
  return { tenant: DEFAULT_TENANT, keyId, scopes, expiresAt };
}

/**
 * Returns whether a principal has a scope.
 * @param job the job to be read, where it is one
 */
export function isAllowed({ scopes, job: own }: Principal, scope: Scope, job?: string): boolean {
  if (scopes.includes(scope) || scopes.includes('admin')) return true;
  return scope === 'read' && own !== undefined && own === job;
}
