import { Hono } from 'hono';

import { orTimeout } from '../../deadline.ts';
import { SingleFlight } from '../../single-flight.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Checks one part. Throws if the part does not work. */
export type ReadinessCheck = () => Promise<unknown>;

const CHECK_TIMEOUT_MS = 2000;

/**
 * Serves `GET /healthz` (the process responds) and `GET /readyz` (it can do its work). `/readyz` names each check, and
 * responds with 503 if one fails. Every role serves both on its port.
 * @param dependencies checks that the response also names. A role is ready without them, because uploads wait
 */
export function healthRoutes(
  checks: Record<string, ReadinessCheck>,
  dependencies: Record<string, ReadinessCheck>,
) {
  // Coalesces concurrent probes, because a check costs a write to Redis and to the disk.
  const look = new SingleFlight(() =>
    Promise.all([results(checks, 'failed'), results(dependencies, 'away')]),
  );
  return new Hono()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const [required, wanted] = await look.ask();
      const ready = Object.values(required).every((result) => result === 'ok');
      const complete = Object.values(wanted).every((result) => result === 'ok');
      const status = !ready ? 'not_ready' : complete ? 'ok' : 'degraded';
      return c.json({ status, checks: { ...required, ...wanted } }, ready ? 200 : 503);
    });
}

async function results(
  checks: Record<string, ReadinessCheck>,
  failure: string,
): Promise<Record<string, string>> {
  const run = async (name: string, check: ReadinessCheck) => [name, (await passes(check)) ? 'ok' : failure];
  return Object.fromEntries(await Promise.all(Object.entries(checks).map((entry) => run(...entry))));
}

async function passes(check: ReadinessCheck): Promise<boolean> {
  try {
    await orTimeout(CHECK_TIMEOUT_MS, 'a check', check());
    return true;
  } catch {
    return false;
  }
}

/** Describes the routes for OpenAPI. */
export const healthOperations: Operations = {
  'GET /healthz': {
    operationId: 'health',
    summary: 'The process responds',
    responses: { 200: { description: 'It does' } },
  },
  'GET /readyz': {
    operationId: 'readiness',
    summary: 'The process can do its work',
    responses: { 200: { description: 'It can' }, 503: { description: 'A check failed' } },
  },
};
