/** Roles stop before the servers they use. */
export const STOP_ORDER = ['role', 'server'] as const;
export type ProcessKind = (typeof STOP_ORDER)[number];

/** How long a process may take to stop before it is killed; together less than the 10 s an init system waits. */
export const STOP_GRACE_MS: Record<ProcessKind, number> = { role: 7000, server: 2500 };
