import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { SearchRequestSchema, type SearchResponse } from '../../contract/documents.ts';
import type { DocumentRegistry } from '../../documents/registry.ts';
import { search } from '../../documents/search.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import { AppError } from '../../errors.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import { readJson } from '../validate.ts';

const MAX_BODY_BYTES = 256 * 1024;

/** `POST /api/search` */
export function searchRoutes(services: {
  processor: ProcessorClient;
  vectors: VectorStore;
  registry: DocumentRegistry;
}) {
  const limited = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new AppError('body_too_large', `A search may have at most ${MAX_BODY_BYTES} bytes.`);
    },
  });
  return new Hono().post('/api/search', limited, async (c) => {
    const request = await readJson(c, SearchRequestSchema);
    const answer: SearchResponse = { results: await search(request, services, c.req.raw.signal) };
    return c.json(answer);
  });
}
