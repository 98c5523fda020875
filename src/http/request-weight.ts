/** Paths that count against no limit, because a probe must be served whoever else sends from its address. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
/** Paths that read many records. A page of jobs was measured to take 16 times as long as one job. */
const COSTLY = /^\/api\/(?:jobs|documents(?:\/[^/]+\/chunks)?|search|stats)$/;
const COSTLY_WEIGHT = 16;

/** Returns as how many requests one counts: in units of the reading of one job, which takes a quarter of a millisecond. */
export function requestWeight(path: string): number {
  if (PROBES.has(path)) return 0;
  return COSTLY.test(path) ? COSTLY_WEIGHT : 1;
}

/** Returns whether a request reads a list here. A search works elsewhere, and waits. */
export function isList(method: string, path: string): boolean {
  return method === 'GET' && COSTLY.test(path);
}
