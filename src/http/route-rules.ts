import type { Rule } from '../access/authorize-requests.ts';

const UPLOAD: Rule = { scope: 'upload' };
const READ: Rule = { scope: 'read' };
const JOB = /\/jobs\/([^/]+)/;
const READ_JOB: Rule = { scope: 'read', job: JOB };

/** Access rules of every route of the api, the gateway and the worker, by method and path. */
export const ROUTE_RULES: Readonly<Record<string, Rule>> = {
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /openapi.json': 'open',
  'GET /asyncapi.json': 'open',
  'GET /docs': 'open',
  // The web page asks its user for a key.
  'GET /*': 'open',
  'GET /metrics': { scope: 'dashboard' },
  'GET /api/stats': { scope: 'dashboard' },
  'GET /api/settings': 'any',
  'POST /api/ws-ticket': 'any',
  'POST /api/documents/upload': UPLOAD,
  'POST /api/documents/:id/reindex': UPLOAD,
  'POST /api/documents/delete': UPLOAD,
  'PATCH /api/documents/:id': UPLOAD,
  'DELETE /api/documents/:id': UPLOAD,
  'POST /api/collections/:name/reembed': UPLOAD,
  'DELETE /api/collections/:name': UPLOAD,
  'POST /api/jobs/cancel': UPLOAD,
  'POST /api/jobs/retry': UPLOAD,
  'POST /api/jobs/:id/cancel': UPLOAD,
  'POST /api/jobs/:id/retry': UPLOAD,
  'POST /api/batches/:name/cancel': UPLOAD,
  'POST /api/batches/:name/retry': UPLOAD,
  'GET /api/documents': READ,
  'GET /api/documents/:id': READ,
  'GET /api/documents/:id/chunks': READ,
  'GET /api/documents/:id/content': READ,
  'GET /api/collections': READ,
  'GET /api/collections/:name': READ,
  'POST /api/search': READ,
  'POST /v1/embeddings': READ,
  'GET /v1/models': READ,
  'GET /api/batches/:name': READ,
  'GET /api/jobs': READ,
  'GET /api/jobs/:id': READ_JOB,
  'GET /api/jobs/:id/status': READ_JOB,
  'GET /api/jobs/:id/timeline': READ_JOB,
  'GET /jobs/:id/status': READ_JOB,
  'GET /api/events': { scope: 'read', ticket: true },
  'GET /api/jobs/:id/events': { scope: 'read', job: JOB, ticket: true },
};
