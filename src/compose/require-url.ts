import { ConfigError, type Role } from '../config.ts';

/** Returns a URL that roles need. @throws {ConfigError} if it is not set */
export function requireUrl(name: string, url: string | undefined, roles: readonly Role[]): string {
  if (url !== undefined) return url;
  throw new ConfigError(
    `${name} is not set, and ${roles.join(' and ')} needs it: set it, or start Sluice without a role.`,
  );
}
