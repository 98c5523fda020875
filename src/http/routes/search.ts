import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { SearchRequestSchema, type SearchResponse } from '../../contract/documents.ts';
import type { DocumentRegistry } from '../../documents/registry.ts';
import { search } from '../../documents/search.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import { readJson } from '../validate.ts';

const MAX_BODY_BYTES = 256 * 1024;

/** `POST /api/search` */
export function searchRoutes(services: {
  processor: ProcessorClient;
  vectors: VectorStore;
  registry: DocumentRegistry;
}) {
  return new Hono<AccessEnvironment>().post('/api/search', async (c) => {
    const request = await readJson(c, SearchRequestSchema, MAX_BODY_BYTES);
    const response: SearchResponse = { results: await search(request, services, c.req.raw.signal) };
    return c.json(response);
  });
}
