import { expect, it } from 'vitest';

import { ROUTE_RULES } from '../../../src/http/route-rules.ts';
import { openApiDocument } from '../../../src/http/openapi/openapi.ts';
import { undescribed } from '../../helpers/responses/described-responses.ts';

it('names, for each request that writes, what it is refused with while the stores are not proved', () => {
  const paths = openApiDocument.paths as Record<string, { post?: { responses: object } }>;
  const writes = Object.entries(paths).filter(
    ([path, { post }]) => post && !['/api/search', '/v1/embeddings', '/api/ws-ticket'].includes(path),
  );
  expect(writes).not.toHaveLength(0);
  for (const [path, { post }] of writes)
    for (const code of ['installation_mismatch', 'storage_unavailable', 'queue_unavailable'])
      expect([path, JSON.stringify(post?.responses)]).toEqual([path, expect.stringContaining(code)]);
});

it('names every route, and for each that is not open what it is refused with', () => {
  const paths = openApiDocument.paths as Record<string, Record<string, { responses: object } | undefined>>;
  for (const [route, rule] of Object.entries(ROUTE_RULES)) {
    const [method = '', path = ''] = route.split(' ');
    if (['/*', '/docs', '/openapi.json', '/asyncapi.json'].includes(path)) continue;
    const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    expect([route, operation === undefined]).toEqual([route, false]);
    expect([route, Object.hasOwn(operation!.responses, '401')]).toEqual([route, rule !== 'open']);
  }
});

it('says of each route that it refuses unknown names, or names them in a header', () => {
  type Described = { responses: Record<string, { description: string; headers?: object }> };
  const reported: string[] = [];
  for (const [path, methods] of Object.entries(
    openApiDocument.paths as Record<string, Record<string, Described>>,
  ))
    for (const [method, { responses }] of Object.entries(methods)) {
      if (!path.startsWith('/api') && !path.startsWith('/jobs')) continue;
      const accepted = Object.entries(responses).filter(([status]) => Number(status) < 400);
      const naming = accepted.filter(([, { headers = {} }]) => Object.hasOwn(headers, 'Sluice-Ignored'));
      if (naming.length > 0) {
        expect([path, naming.length]).toEqual([path, accepted.length]);
        reported.push(`${method} ${path}`);
      } else
        expect([path, responses['400']?.description]).toEqual([
          path,
          expect.stringContaining('`invalid_request`'),
        ]);
    }
  expect(reported.sort()).toEqual([
    'get /api/jobs/{id}',
    'get /api/jobs/{id}/status',
    'get /jobs/{id}/status',
    'post /api/documents/upload',
  ]);
});

it('finds a response without a description, by its status and by its code', () => {
  expect(undescribed('GET', '/api/jobs/some-id', 200)).toBeUndefined();
  expect(undescribed('GET', '/api/jobs/some-id', 404, 'job_not_found')).toBeUndefined();
  expect(undescribed('GET', '/api/jobs/some-id', 201)).toContain('GET /api/jobs/{id}: 201');
  expect(undescribed('GET', '/api/jobs/some-id', 404, 'document_not_found')).toContain('document_not_found');
});
