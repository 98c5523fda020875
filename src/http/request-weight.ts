/** Paths of probes. They have a limit of their own, so that a flood from a probe's address cannot fail the probe. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
/** Paths that read many records. A page of jobs took 16 times as long as one job. */
const COSTLY = /^\/api\/(?:jobs|documents(?:\/[^/]+\/chunks)?|search|stats)$/;
const COSTLY_WEIGHT = 16;

/** Returns whether a path is a probe's. */
export function isProbe(path: string): boolean {
  return PROBES.has(path);
}

/** Returns the weight of a request. Reading one job weighs 1, and takes a quarter of a millisecond. */
export function requestWeight(path: string): number {
  return COSTLY.test(path) ? COSTLY_WEIGHT : 1;
}

/** Returns whether a request reads many records in this process. A search does its work in the processor and Chroma. */
export function isList(method: string, path: string): boolean {
  return method === 'GET' && COSTLY.test(path);
}
