import { beforeEach, expect, test } from 'vitest';

import { formerName, nextName } from '../../../../src/documents/reembed/collection-names.ts';
import { collectionCalls } from '../../../helpers/clients/collection-calls.ts';
import { useModelRoles } from '../../../helpers/servers/model-roles.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';

const FIRST = { model: 'first', dimensions: 64 };
const SECOND = { model: 'second', dimensions: 64 };

const roles = useModelRoles();
const { chroma } = roles;
let api: TestRoles;
let collection = '';
let tests = 0;

const { ended, client, ingest, reembed, ids } = collectionCalls(() => ({
  url: api.url,
  chromaUrl: chroma.url,
  collection,
}));

beforeEach(async () => {
  collection = `cuts${++tests}`;
  api = await roles.restartWith(FIRST);
  for (const text of ['Pears are green.', 'Plums are blue.']) await ingest(text);
});

test('a job that begins after half a switch of another one loses no chunk', async () => {
  const before = await ids();
  await roles.stop();
  await (await client().getCollection({ name: collection })).modify({ name: formerName(collection) });
  const metadata = {
    collection,
    reembed_job: 'cancelled',
    embedding_model: 'second',
    embedding_dimensions: 64,
    reembed_began_ms: 0,
  };
  const next = await client().createCollection({
    name: nextName(collection),
    embeddingFunction: null,
    metadata,
  });
  await next.upsert({ ids: ['a:b:0'], embeddings: [Array.from({ length: 64 }, () => 1)], documents: ['x'] });
  roles.present(SECOND);
  api = await roles.startRole('api');
  const id = await reembed();
  await roles.startRole('worker');
  expect(await ended(id)).toMatchObject({ status: 'completed' });
  expect(await ids()).toEqual(before);
});
