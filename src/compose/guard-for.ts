import { Guard } from '../access/guard.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../logging/logger.ts';

/** Makes the guard of this process's port. */
export function guardFor({ host, allowedHosts, allowedOrigins, publicUrl }: Config, logger: Logger): Guard {
  const hosts = [host, ...allowedHosts, ...(publicUrl ? [publicUrl.hostname] : [])];
  return new Guard(hosts, [...allowedOrigins, ...(publicUrl ? [publicUrl.origin] : [])], logger);
}
