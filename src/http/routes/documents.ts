import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import {
  DocumentQuerySchema,
  PageQuerySchema,
  type ChunkList,
  type DocumentList,
} from '../../contract/documents.ts';
import { toPublicDocument } from '../../documents/registry.ts';
import { acceptReindex, type ReindexServices } from '../../documents/reindex-document.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import { AppError } from '../../errors.ts';
import { readQuery } from '../validate.ts';
import { idInPath, json, problems, query } from '../openapi/parts.ts';

/**
 * Serves `GET /api/documents`, `GET /api/documents/{id}`, `GET /api/documents/{id}/chunks`, and the idempotent `POST
 * /api/documents/{id}/reindex`.
 */
export function documentRoutes(services: ReindexServices & { vectors: VectorStore }, publicPath: string) {
  const { registry, vectors } = services;
  return new Hono<AccessEnvironment>()
    .get('/api/documents', async (c) => {
      const { documents, nextCursor } = await registry.list(
        c.get('principal').tenant,
        readQuery(c, DocumentQuerySchema),
      );
      const list: DocumentList = { documents: documents.map(toPublicDocument), next_cursor: nextCursor };
      return c.json(list);
    })
    .get('/api/documents/:id', async (c) => {
      return c.json(toPublicDocument(await registry.get(c.get('principal').tenant, c.req.param('id'))));
    })
    .post('/api/documents/:id/reindex', async (c) => {
      const accepted = await acceptReindex(c.get('principal').tenant, c.req.param('id'), services);
      return c.json(accepted, 202, { location: `${publicPath}/api/jobs/${accepted.job_id}` });
    })
    .get('/api/documents/:id/chunks', async (c) => {
      const { limit, cursor } = readQuery(c, PageQuerySchema);
      const document = await registry.get(c.get('principal').tenant, c.req.param('id'));
      const from = readOffset(cursor);
      const count = Math.min(limit, document.chunk_count - from);
      const { id: documentId, collection, generation } = document;
      const chunks = await vectors.readChunks(
        { documentId, collection, generation },
        from,
        count,
        c.req.raw.signal,
      );
      const next = from + count;
      const list: ChunkList = { chunks, next_cursor: next < document.chunk_count ? String(next) : undefined };
      return c.json(list);
    });
}

/** A chunk list's cursor is the index of its next chunk. */
function readOffset(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (!/^\d{1,9}$/.test(cursor)) throw new AppError('invalid_cursor');
  return Number(cursor);
}

/** Describes the routes for OpenAPI. */
export const documentPaths = {
  '/api/documents': {
    get: {
      operationId: 'listDocuments',
      summary: 'The documents, newest first',
      parameters: query(DocumentQuerySchema),
      responses: {
        200: { description: 'One page', content: json('DocumentList') },
        ...problems('invalid_request', 'invalid_cursor', 'queue_unavailable'),
      },
    },
  },
  '/api/documents/{id}': {
    get: {
      operationId: 'getDocument',
      summary: 'One document',
      parameters: [idInPath],
      responses: {
        200: { description: 'The document', content: json('Document') },
        ...problems('document_not_found', 'queue_unavailable'),
      },
    },
  },
  '/api/documents/{id}/chunks': {
    get: {
      operationId: 'listChunks',
      summary: "A document's chunks in their order",
      parameters: [idInPath, ...query(PageQuerySchema)],
      responses: {
        200: { description: 'One page', content: json('ChunkList') },
        ...problems(
          'invalid_request',
          'invalid_cursor',
          'document_not_found',
          'queue_unavailable',
          'vector_store_unavailable',
        ),
      },
    },
  },
  '/api/documents/{id}/reindex': {
    post: {
      operationId: 'reindexDocument',
      summary:
        'Index a document again from its original; the response names the job under way if there is one',
      parameters: [idInPath],
      responses: {
        202: {
          description:
            'Accepted: the job is queued or under way; Sluice serves the present chunks until it has completed',
          headers: { Location: { schema: { type: 'string' } } },
          content: json('UploadAccepted'),
        },
        ...problems(
          'document_not_found',
          'file_gone',
          'storage_unavailable',
          'installation_mismatch',
          'queue_unavailable',
        ),
      },
    },
  },
};
