/** Roles stop before the servers they use. */
export const STOP_ORDER = ['role', 'server'] as const;
export type ProcessKind = (typeof STOP_ORDER)[number];

/** Time in ms that a process has to stop before Sluice kills it. All together stay under the 10 s of an init system. */
export const STOP_GRACE_MS: Record<ProcessKind, number> = { role: 7000, server: 2500 };
