/** Paths of probes. They have a limit of their own, so that a flood from a probe's address cannot fail the probe. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
/** Paths that read many records. */
const LIST = /^\/api\/(?:jobs|documents(?:\/[^/]+\/chunks)?|collections|stats)$/;
/** A page of 50 jobs takes as much CPU as 34 reads of an unknown job. With 40, a quick script was refused. */
const LIST_WEIGHT = 20;
/** Requests that change many jobs or documents. They first read as many records as a list. */
const BULK =
  /^(?:POST \/api\/(?:(?:jobs|batches\/[^/]+)\/(?:retry|cancel)|documents\/delete)|DELETE \/api\/collections\/[^/]+)$/;
/** Paths that embed a text in the processor. A search also queries Chroma and the keyword index. */
const EMBEDDING = new Set(['/api/search', '/v1/embeddings']);
const EMBEDDING_WEIGHT = 16;
/** Paths that stream a file from the disk. */
const CONTENT = /^\/api\/documents\/[^/]+\/content$/;
/** A file of 10 KB takes as much CPU as three to five reads of an unknown job. */
const CONTENT_WEIGHT = 4;

/** Returns whether a path is a probe's. */
export function isProbe(path: string): boolean {
  return PROBES.has(path);
}

/** Returns the weight of a request. Reading one job weighs 1. */
export function requestWeight(method: string, path: string): number {
  if (EMBEDDING.has(path)) return EMBEDDING_WEIGHT;
  if (CONTENT.test(path)) return CONTENT_WEIGHT;
  return LIST.test(path) || BULK.test(`${method} ${path}`) ? LIST_WEIGHT : 1;
}

/** Returns whether a request reads many records in this process. */
export function isList(method: string, path: string): boolean {
  return method === 'GET' ? LIST.test(path) : BULK.test(`${method} ${path}`);
}
