import { Hono } from 'hono';
import type { Registry } from '@prometheus-io/client';
import type { Operations } from '../openapi/to-paths.ts';

/**
 * Serves `GET /metrics`: the figures of this process for Prometheus.
 * @param more reads metrics from elsewhere, as text
 */
export function metricsRoutes(registry: Registry, more: () => Promise<string> = async () => '') {
  return new Hono().get('/metrics', async (c) => {
    const text = [await registry.metrics(), await more()].filter((part) => part.trim() !== '');
    return c.body(`${text.map((part) => part.trimEnd()).join('\n')}\n`, 200, {
      'content-type': registry.contentType,
    });
  });
}

/** Describes the route for OpenAPI. */
export const metricsOperations: Operations = {
  'GET /metrics': {
    operationId: 'getMetrics',
    summary: 'The statistics, and what this process measures, for Prometheus',
    responses: { 200: { description: 'Text format 0.0.4' } },
    problems: ['queue_unavailable'],
  },
};
