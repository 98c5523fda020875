import { expect, test } from 'vitest';

import type { Job } from '../../../../src/contract/job.ts';
import type { SearchResponse } from '../../../../src/contract/search.ts';
import { BUNDLED_MODEL } from '../../../../src/contract/services/processor.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { GENEROUS } from '../../../helpers/servers/ingestion.ts';
import { useModelRoles } from '../../../helpers/servers/model-roles.ts';

const roles = useModelRoles();
const { processor } = roles;

test('a search goes on by words if the embedder is lost before a query is compared with nonsense', async () => {
  const api = await roles.restartWith({ model: BUNDLED_MODEL, dimensions: 64 });
  const { rewrite } = processor;
  // Makes all texts alike, so that the query is near the document.
  processor.rewrite = (path, text) => {
    const response = rewrite?.(path, text) ?? text;
    if (!path.endsWith('/embed')) return response;
    const { embeddings, ...more } = JSON.parse(response) as { embeddings: number[][] };
    return JSON.stringify({
      ...more,
      embeddings: embeddings.map((all) => all.map((_, i) => Number(i === 0))),
    });
  };
  const id = await expectAccepted(await upload(api.url, 'Pears are green.', { collection: 'papers' }));
  const status = async () => ((await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job).status;
  await expect.poll(status, GENEROUS).toBe('completed');

  const search = (more: object) => {
    const before = processor.calls('/embed').length;
    processor.refuse = (path) =>
      path.endsWith('/embed') && processor.calls('/embed').length > before + 1
        ? { status: 503, body: {} }
        : undefined;
    const body = JSON.stringify({ collection: 'papers', query: 'orchard', ...more });
    return fetch(`${api.url}/api/search`, { method: 'POST', body });
  };
  expect((await search({})).status).toBe(503);
  const response = await search({ allow_degraded: true });
  expect([response.status, await response.json()]).toEqual([
    200,
    { results: [], degraded: true } satisfies SearchResponse,
  ]);
});
