import { beforeEach, expect, test } from 'vitest';

import type { Collection } from '../../../../src/contract/documents.ts';
import { formerName, nextName } from '../../../../src/documents/reembed/collection-names.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { collectionCalls } from '../../../helpers/clients/collection-calls.ts';
import { GENEROUS } from '../../../helpers/servers/ingestion.ts';
import { useModelRoles } from '../../../helpers/servers/model-roles.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';

const FIRST = { model: 'first', dimensions: 64 };
const SECOND = { model: 'second', dimensions: 64 };
const THIRD = { model: 'third', dimensions: 64 };

const roles = useModelRoles();
const { processor, chroma } = roles;
let api: TestRoles;
let collection = '';
let tests = 0;

const { get, post, job, ended, client, ingest, reembed, ids } = collectionCalls(() => ({
  url: api.url,
  chromaUrl: chroma.url,
  collection,
}));
const models = async () => (await get<Collection>(`/api/collections/${collection}`)).models;
const statusOf = async (id: string) => (await job(id)).status;

async function made(): Promise<string[]> {
  const own = [nextName(collection), formerName(collection)];
  return (await client().listCollections({ limit: 1000 }))
    .map(({ name }) => name)
    .filter((name) => own.includes(name));
}
/** Id of the only chunk of a document. */
async function chunkOf(document: string): Promise<string> {
  return `${document}:${await roles.redis.client.hget(`document:${document}`, 'generation')}:0`;
}

/** Starts a reembed job, and cancels it after its switch. @returns its id, and what lets it go on */
async function cancelAfterSwitch(): Promise<{ id: string; release: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let held = false;
  chroma.hold = (path) => {
    if (chroma.renames < 2 || !path.endsWith(formerName(collection))) return undefined;
    held = true;
    return promise;
  };
  const id = await reembed();
  await expect.poll(() => held, GENEROUS).toBe(true);
  await post(`/api/jobs/${id}/cancel`);
  const release = () => {
    chroma.hold = undefined;
    resolve();
  };
  return { id, release };
}

beforeEach(async () => {
  collection = `races${++tests}`;
  api = await roles.restartWith(FIRST);
  for (const text of ['Pears are green.', 'Plums are blue.']) await ingest(text);
});

test('a document that comes after a cancel keeps its chunks while the former vectors go', async () => {
  const { release } = await cancelAfterSwitch();
  const figs = await ingest('Figs are brown.');
  const chunk = await chunkOf(figs);
  expect(await ids()).toContain(chunk);
  release();
  await expect.poll(made, GENEROUS).toEqual([]);
  expect(await ids()).toContain(chunk);
});

test('a processor whose health names no model embeds a collection again', async () => {
  api = await roles.restartWith({ ...SECOND, named: {} });
  expect(await ended(await reembed())).toMatchObject({ status: 'completed' });
  expect(await models()).toMatchObject([{ name: 'second', dimension: 64, document_count: 2 }]);
});

test('a rerun takes the model that the processor has by then', async () => {
  api = await roles.restartWith(SECOND);
  const { id, release } = await cancelAfterSwitch();
  release();
  await expect.poll(made, GENEROUS).toEqual([]);
  expect(await models()).toMatchObject([{ name: 'second' }]);
  api = await roles.restartWith(THIRD);
  await post(`/api/jobs/${id}/retry`);
  expect(await ended(id)).toMatchObject({ status: 'completed', run: 2 });
  expect(await models()).toMatchObject([{ name: 'third', document_count: 2 }]);
});

test('uploads that wait leave nothing to clean up', async () => {
  api = await roles.restartWith(SECOND);
  const late = Promise.withResolvers<void>();
  processor.hold = (path) => (path.endsWith('/embed') ? late.promise : undefined);
  await reembed();
  const waiting = await Promise.all(
    Array.from({ length: 5 }, async (_, i) =>
      expectAccepted(await upload(api.url, `Pear ${i}`, { collection })),
    ),
  );
  for (const id of waiting) await expect.poll(() => statusOf(id), GENEROUS).toBe('retrying');
  const cleanups = await roles.redis.client.zrange('jobs:cleanup', '0', '-1');
  expect(cleanups.filter((entry) => entry.includes(collection))).toEqual([]);
  processor.hold = undefined;
  late.resolve();
});
