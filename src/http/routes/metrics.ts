import { Hono } from 'hono';
import type { Registry } from '@prometheus-io/client';

/**
 * `GET /metrics` for Prometheus: what this process measures.
 * @param more metrics that are not of this process, as text
 */
export function metricsRoutes(registry: Registry, more: () => Promise<string> = async () => '') {
  return new Hono().get('/metrics', async (c) => {
    const text = [await registry.metrics(), await more()].filter((part) => part.trim() !== '');
    return c.body(`${text.map((part) => part.trimEnd()).join('\n')}\n`, 200, {
      'content-type': registry.contentType,
    });
  });
}
