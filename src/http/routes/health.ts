import { Hono } from 'hono';

/** Throws when what it checks is not well. */
export type ReadinessCheck = () => Promise<unknown>;

const CHECK_TIMEOUT_MS = 2000;

/**
 * `GET /healthz`: the process answers. `GET /readyz`: it can do its work, each check by name; 503 when one
 * fails. Every role serves both on its port.
 */
export function healthRoutes(checks: Record<string, ReadinessCheck>) {
  return new Hono()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const names = Object.keys(checks);
      const results = await Promise.all(Object.values(checks).map(passes));
      const ready = results.every(Boolean);
      const named = Object.fromEntries(names.map((name, i) => [name, results[i] ? 'ok' : 'failed']));
      return c.json({ status: ready ? 'ok' : 'not_ready', checks: named }, ready ? 200 : 503);
    });
}

async function passes(check: ReadinessCheck): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), tooLate]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
