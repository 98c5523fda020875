import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { PageQuerySchema, type CollectionList } from '../../contract/documents.ts';
import { deleteCollection } from '../../documents/collections/delete-collection.ts';
import type { BulkDeletionServices } from '../../documents/delete-documents.ts';
import { acceptReembed } from '../../documents/reembed/accept-reembed.ts';
import type { ApiServices } from '../api-services.ts';
import { STORE_PROBLEMS, json, ok, query } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';
import { readQuery } from '../validate.ts';

/**
 * Serves `GET /api/collections`, `GET` and the idempotent `DELETE /api/collections/{name}`, and the idempotent
 * `POST /api/collections/{name}/reembed`.
 */
export function collectionRoutes(
  services: BulkDeletionServices & Pick<ApiServices, 'collections' | 'reembeds'>,
  publicPath: string,
) {
  const { collections } = services;
  return new Hono<AccessEnvironment>()
    .get('/api/collections', async (c) => {
      const page = await collections.list(c.get('principal').tenant, readQuery(c, PageQuerySchema));
      const list: CollectionList = {
        collections: page.collections,
        total: page.total,
        next_cursor: page.nextCursor,
      };
      return c.json(list);
    })
    .get('/api/collections/:name', async (c) => {
      return c.json(await collections.get(c.get('principal').tenant, c.req.param('name')));
    })
    .post('/api/collections/:name/reembed', async (c) => {
      const accepted = await acceptReembed(c.get('principal').tenant, c.req.param('name'), services);
      return c.json(accepted, 202, { location: `${publicPath}/api/jobs/${accepted.job_id}` });
    })
    .delete('/api/collections/:name', async (c) => {
      const { tenant } = c.get('principal');
      return c.json(await deleteCollection(tenant, c.req.param('name'), services, c.req.raw.signal));
    });
}

/** Describes the routes for OpenAPI. */
export const collectionOperations: Operations = {
  'GET /api/collections': {
    operationId: 'listCollections',
    summary: 'The collections that have documents, by name',
    parameters: query(PageQuerySchema),
    responses: ok('One page', 'CollectionList'),
    problems: ['invalid_request', 'queue_unavailable'],
  },
  'GET /api/collections/:name': {
    operationId: 'getCollection',
    summary: 'One collection that has documents',
    responses: ok('The collection', 'Collection'),
    problems: ['collection_not_found', 'queue_unavailable'],
  },
  'POST /api/collections/:name/reembed': {
    operationId: 'reembedCollection',
    summary:
      "Embed a collection's chunks with the present model; while a job does so, the response names that job",
    responses: {
      202: {
        description: 'Accepted: searches use the former vectors until the job switches to the new ones',
        headers: { Location: { schema: { type: 'string' } } },
        content: json('UploadAccepted'),
      },
    },
    problems: ['collection_not_found', ...STORE_PROBLEMS],
  },
  'DELETE /api/collections/:name': {
    operationId: 'deleteCollection',
    summary:
      "Cancel a collection's jobs that have not ended, and delete its documents; 1,000 of both at most",
    responses: ok('Counts, and whether there are more', 'CollectionDeletion'),
    problems: ['collection_not_found', 'disk_full', ...STORE_PROBLEMS],
  },
};
