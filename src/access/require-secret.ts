import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

/**
 * Refuses each call without the secret (`Authorization: Bearer`). `GET /health` may come without the header, because
 * an init system's probes hold no secrets.
 * @param refuse makes the response to a call without it
 */
export function requireSecret(secret: string, refuse: () => Response): MiddlewareHandler {
  const expected = digest(`Bearer ${secret}`);
  return async (c, next) => {
    const sent = c.req.header('authorization');
    const isProbe = sent === undefined && c.req.method === 'GET' && c.req.path === '/health';
    // Compares digests, because `timingSafeEqual` demands equal lengths.
    if (isProbe || timingSafeEqual(digest(sent ?? ''), expected)) return next();
    return refuse();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
