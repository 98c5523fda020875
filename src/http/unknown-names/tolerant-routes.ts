/**
 * Routes that accept unknown names. Every other route refuses them.
 * - `ignore`: probes and files. Monitors and caches add parameters of their own.
 * - `report`: the documented routes, because old clients send more. Their responses name it in `Sluice-Ignored`.
 */
const TOLERANT: ReadonlyMap<string, 'ignore' | 'report'> = new Map([
  ['GET /healthz', 'ignore'],
  ['GET /readyz', 'ignore'],
  ['GET /metrics', 'ignore'],
  ['GET /openapi.json', 'ignore'],
  ['GET /asyncapi.json', 'ignore'],
  ['GET /docs', 'ignore'],
  ['GET /*', 'ignore'],
  ['POST /api/documents/upload', 'report'],
  ['GET /api/jobs/:id', 'report'],
  ['GET /api/jobs/:id/status', 'report'],
  ['GET /jobs/:id/status', 'report'],
]);

/**
 * Decides what a route does with a name that it does not know.
 * @param route method and path, as `ROUTE_RULES` names it
 */
export function onUnknownName(route: string): 'ignore' | 'report' | 'refuse' {
  return TOLERANT.get(route) ?? 'refuse';
}
