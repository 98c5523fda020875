import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Document } from '../../../../src/contract/documents.ts';
import type { SearchResponse } from '../../../../src/contract/search.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { GENEROUS, useIngestion } from '../../../helpers/servers/ingestion.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';

const { backends, api, startWorker } = useIngestion();
let worker: TestRoles;
let id = '';

const documentOf = async () => (await (await fetch(`${api.url}/api/documents/${id}`)).json()) as Document;
const edit = (metadata: object) =>
  fetch(`${api.url}/api/documents/${id}`, { method: 'PATCH', body: JSON.stringify({ metadata }) });
async function matches(where: object): Promise<number> {
  const body = JSON.stringify({ collection: 'papers', query: 'fruit', where });
  const response = await fetch(`${api.url}/api/search`, { method: 'POST', body });
  return ((await response.json()) as SearchResponse).results.length;
}

beforeAll(async () => {
  worker = await startWorker();
  id = await expectAccepted(await upload(api.url, 'Pears are green.', { collection: 'papers' }));
});
afterAll(() => worker?.close());

test('while Chroma is away an edit is pending, and a worker applies it once Chroma is back', async () => {
  await expect.poll(async () => (await documentOf()).chunk_count, GENEROUS).toBe(1);
  await backends.chroma.down();
  const response = await edit({ year: 2024 });
  expect([response.status, await response.json()]).toMatchObject([
    200,
    { metadata: { year: 2024 }, metadata_pending: true },
  ]);
  expect((await documentOf()).metadata_pending).toBe(true);
  await backends.chroma.up();
  await expect.poll(async () => (await documentOf()).metadata_pending, GENEROUS).toBeUndefined();
  expect(await matches({ year: 2024 })).toBe(1);
});

test('while the blob store takes no writes an edit gets 503, and a worker applies it afterwards', async () => {
  // A file in the place of the folder refuses the note of the edit, also to a superuser.
  const ends = join(api.dataDir, 'blobs', '.ends');
  await rename(ends, `${ends}-away`);
  await writeFile(ends, '');
  const response = await edit({ year: 2025 });
  expect([response.status, await response.json()]).toMatchObject([503, { code: 'storage_unavailable' }]);
  expect((await documentOf()).metadata_pending).toBe(true);
  await rm(ends);
  await rename(`${ends}-away`, ends);
  await expect.poll(async () => (await documentOf()).metadata_pending, GENEROUS).toBeUndefined();
  expect(await matches({ year: 2025 })).toBe(1);
});
