import { DEFAULT_TENANT } from '../redis/keys.ts';

/** Scopes of a key. `admin` includes the others. */
export const SCOPES = ['upload', 'read', 'dashboard', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Identity of a caller. Sluice makes it once per request or session, and passes it to every service. */
export interface Principal {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** The name of the key. */
  readonly keyId: string;
  /** One job that it may read in addition to its scopes. */
  readonly job?: string | undefined;
  /** Principal of the key that made the job's token. */
  readonly issuer?: Principal | undefined;
  /** Unix time in ms; absent if it never expires. */
  readonly expiresAt?: number | undefined;
}

/** Principal of every caller while no keys are configured. */
export const ANONYMOUS: Principal = { tenant: DEFAULT_TENANT, scopes: ['admin'], keyId: 'anonymous' };

/** Returns whether a principal holds a key. The token of one job is none. */
export function isKeyed({ keyId, job }: Principal): boolean {
  return keyId !== ANONYMOUS.keyId && job === undefined;
}

/** Makes the principal of a configured key, in the only tenant. */
export function keyPrincipal(keyId: string, scopes: readonly Scope[], expiresAt?: number): Principal {
  return { tenant: DEFAULT_TENANT, keyId, scopes, expiresAt };
}

/**
 * Returns whether a principal has a scope.
 * @param job id of the job that the request reads, if it reads one
 */
export function isAllowed({ scopes, job: own }: Principal, scope: Scope, job?: string): boolean {
  if (scopes.includes(scope) || scopes.includes('admin')) return true;
  return scope === 'read' && own !== undefined && own === job;
}
