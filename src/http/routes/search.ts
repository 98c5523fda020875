import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { SearchRequestSchema, type SearchResponse } from '../../contract/search.ts';
import { search, type SearchServices } from '../../documents/search/search.ts';
import type { ApiServices } from '../api-services.ts';
import { readJson } from '../validate.ts';
import { json, ok } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

const MAX_BODY_BYTES = 256 * 1024;

/** Serves `POST /api/search`. */
export function searchRoutes(services: Pick<ApiServices, keyof SearchServices>) {
  return new Hono<AccessEnvironment>().post('/api/search', async (c) => {
    const request = await readJson(c, SearchRequestSchema, MAX_BODY_BYTES);
    const { tenant } = c.get('principal');
    return c.json((await search(tenant, request, services, c.req.raw.signal)) satisfies SearchResponse);
  });
}

/** Describes the route for OpenAPI. */
export const searchOperations: Operations = {
  'POST /api/search': {
    operationId: 'search',
    summary: 'Find chunks by their words and their meaning',
    requestBody: { required: true, content: json('SearchRequest') },
    responses: ok('The results, best first', 'SearchResponse'),
    problems: [
      'invalid_request',
      'collection_not_found',
      'embedding_mismatch',
      'request_too_slow',
      'body_too_large',
      'queue_unavailable',
      'processor_unavailable',
      'vector_store_unavailable',
      'keywords_unavailable',
    ],
  },
};
