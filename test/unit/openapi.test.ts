import { expect, it } from 'vitest';

import { openApiDocument } from '../../src/http/openapi/openapi.ts';

it('names, for each request that writes, what it is refused with while the stores are not proved', () => {
  const paths = openApiDocument.paths as Record<string, { post?: { responses: object } }>;
  const writes = Object.entries(paths).filter(([path, { post }]) => post && path !== '/api/search');
  expect(writes).toHaveLength(4);
  for (const [path, { post }] of writes)
    for (const code of ['installation_mismatch', 'storage_unavailable', 'queue_unavailable'])
      expect([path, JSON.stringify(post?.responses)]).toEqual([path, expect.stringContaining(code)]);
});
