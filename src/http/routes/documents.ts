import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import {
  ChunkQuerySchema,
  DocumentQuerySchema,
  DocumentSelectionSchema,
  type ChunkList,
} from '../../contract/documents.ts';
import { DocumentEditSchema } from '../../contract/upload.ts';
import { listDocuments } from '../../documents/document-list.ts';
import { editDocument, type EditorServices } from '../../documents/edits/edit-document.ts';
import { toPublicDocument } from '../../documents/registry.ts';
import { deleteDocument } from '../../documents/delete-document.ts';
import { deleteDocuments, type BulkDeletionServices } from '../../documents/delete-documents.ts';
import { acceptReindex, type ReindexServices } from '../../documents/reindex-document.ts';
import { AppError } from '../../errors.ts';
import type { ApiServices } from '../api-services.ts';
import { readJson, readQuery } from '../validate.ts';
import { STORE_PROBLEMS, json, ok, query } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Largest selection or edit, in bytes. A selection of 1,000 UUIDs takes 39,000, and the metadata of a document 64 KiB. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Serves `GET /api/documents`, `GET /api/documents/{id}`, `GET /api/documents/{id}/chunks`, `PATCH` and
 * `DELETE /api/documents/{id}`, `POST /api/documents/delete`, and the idempotent `POST /api/documents/{id}/reindex`.
 */
export function documentRoutes(
  services: ReindexServices & BulkDeletionServices & EditorServices & Pick<ApiServices, 'vectors'>,
  publicPath: string,
) {
  const { registry, vectors } = services;
  return new Hono<AccessEnvironment>()
    .get('/api/documents', async (c) => {
      const query = readQuery(c, DocumentQuerySchema);
      return c.json(await listDocuments(c.get('principal').tenant, query, services));
    })
    .get('/api/documents/:id', async (c) => {
      return c.json(toPublicDocument(await registry.get(c.get('principal').tenant, c.req.param('id'))));
    })
    .patch('/api/documents/:id', async (c) => {
      const { metadata } = await readJson(c, DocumentEditSchema, MAX_BODY_BYTES);
      const { tenant } = c.get('principal');
      return c.json(await editDocument(tenant, c.req.param('id'), metadata, services, c.req.raw.signal));
    })
    .delete('/api/documents/:id', async (c) => {
      await deleteDocument(c.get('principal').tenant, c.req.param('id'), services);
      return c.body(null, 204);
    })
    .post('/api/documents/delete', async (c) => {
      const selection = await readJson(c, DocumentSelectionSchema, MAX_BODY_BYTES);
      const { tenant } = c.get('principal');
      return c.json(await deleteDocuments(tenant, selection, services, c.req.raw.signal));
    })
    .post('/api/documents/:id/reindex', async (c) => {
      const accepted = await acceptReindex(c.get('principal').tenant, c.req.param('id'), services);
      return c.json(accepted, 202, { location: `${publicPath}/api/jobs/${accepted.job_id}` });
    })
    .get('/api/documents/:id/chunks', async (c) => {
      const { limit, cursor, from: first } = readQuery(c, ChunkQuerySchema);
      const document = await registry.get(c.get('principal').tenant, c.req.param('id'));
      const from = cursor === undefined ? first : readOffset(cursor);
      const count = Math.max(0, Math.min(limit, document.chunk_count - from));
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
function readOffset(cursor: string): number {
  if (!/^\d{1,9}$/.test(cursor)) throw new AppError('invalid_cursor');
  return Number(cursor);
}

/** Describes the routes for OpenAPI. */
export const documentOperations: Operations = {
  'GET /api/documents': {
    operationId: 'listDocuments',
    summary: 'The documents, newest first; a page with a filter may hold fewer and still have a next one',
    parameters: query(DocumentQuerySchema),
    responses: ok('One page', 'DocumentList'),
    problems: ['invalid_request', 'invalid_cursor', 'queue_unavailable'],
  },
  'GET /api/documents/:id': {
    operationId: 'getDocument',
    summary: 'One document',
    responses: ok('The document', 'Document'),
    problems: ['document_not_found', 'queue_unavailable'],
  },
  'GET /api/documents/:id/chunks': {
    operationId: 'listChunks',
    summary: "A document's chunks in their order",
    parameters: query(ChunkQuerySchema),
    responses: ok('One page', 'ChunkList'),
    problems: [
      'invalid_request',
      'invalid_cursor',
      'document_not_found',
      'queue_unavailable',
      'vector_store_unavailable',
    ],
  },
  'PATCH /api/documents/:id': {
    operationId: 'editDocument',
    summary:
      "Edit a document's metadata without embedding it again; an edit that changes nothing writes nothing",
    requestBody: {
      required: true,
      content: { ...json('DocumentEdit'), ...json('DocumentEdit', 'application/merge-patch+json') },
    },
    responses: ok(
      'The document; with `metadata_pending`, a search may not find it by the edit yet',
      'Document',
    ),
    problems: [
      'invalid_request',
      'invalid_metadata',
      'request_too_slow',
      'body_too_large',
      'document_not_found',
      'disk_full',
      ...STORE_PROBLEMS,
    ],
  },
  'DELETE /api/documents/:id': {
    operationId: 'deleteDocument',
    summary: 'Delete a document, also while it is indexed; its jobs end cancelled',
    responses: { 204: { description: 'Deleted: lists and searches no longer show it' } },
    problems: ['document_not_found', 'disk_full', ...STORE_PROBLEMS],
  },
  'POST /api/documents/delete': {
    operationId: 'deleteDocuments',
    summary: 'Delete the documents that match a filter, newest first; their jobs end cancelled',
    requestBody: { required: true, content: json('DocumentSelection') },
    responses: ok('Counts of the documents, and those that failed', 'DeletionResult'),
    problems: [
      'invalid_request',
      'invalid_cursor',
      'request_too_slow',
      'body_too_large',
      'disk_full',
      ...STORE_PROBLEMS,
    ],
  },
  'POST /api/documents/:id/reindex': {
    operationId: 'reindexDocument',
    summary: 'Index a document again from its original; the response names the job under way if there is one',
    responses: {
      202: {
        description:
          'Accepted: the job is queued or under way; Sluice serves the present chunks until it has completed',
        headers: { Location: { schema: { type: 'string' } } },
        content: json('UploadAccepted'),
      },
    },
    problems: ['document_not_found', 'file_gone', ...STORE_PROBLEMS],
  },
};
