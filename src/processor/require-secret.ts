import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

import { ProcessorError, problemResponse } from './errors.ts';

/**
 * Refuses each call without the secret (`Authorization: Bearer`). `GET /health` may come without the header, because
 * an init system's probes hold no secrets.
 */
export function requireSecret(secret: string): MiddlewareHandler {
  const expected = digest(`Bearer ${secret}`);
  return async (c, next) => {
    const sent = c.req.header('authorization');
    const isProbe = sent === undefined && c.req.method === 'GET' && c.req.path === '/health';
    // Compares digests, because `timingSafeEqual` demands equal lengths.
    if (isProbe || timingSafeEqual(digest(sent ?? ''), expected)) return next();
    return problemResponse(new ProcessorError('wrong_secret'));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
