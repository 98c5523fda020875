/** Paths whose requests count against no limit, because a probe must be served whoever else sends from its address. */
export const UNLIMITED_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
