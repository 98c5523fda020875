import { Guard } from '../access/guard.ts';
import { ConfigError, type Config, type Role } from '../config.ts';
import type { Logger } from '../logging/logger.ts';

/** Makes the guard of this process's port. */
export function guardFor({ host, allowedHosts, allowedOrigins, publicUrl }: Config, logger: Logger): Guard {
  const hosts = [host, ...allowedHosts, ...(publicUrl ? [publicUrl.hostname] : [])];
  return new Guard(hosts, [...allowedOrigins, ...(publicUrl ? [publicUrl.origin] : [])], logger);
}

/** Returns a URL that roles need. @throws {ConfigError} if it is not set */
export function required(name: string, url: string | undefined, roles: readonly Role[]): string {
  if (url !== undefined) return url;
  throw new ConfigError(
    `${name} is not set, and ${roles.join(' and ')} needs it: set it, or start Sluice without a role.`,
  );
}
