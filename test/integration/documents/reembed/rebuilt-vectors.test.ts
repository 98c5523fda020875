import { ChromaClient } from 'chromadb';
import { beforeEach, expect, test } from 'vitest';

import { chromaCall } from '../../../../src/documents/chroma-call.ts';
import { ChunkCounts } from '../../../../src/documents/chunk-counts.ts';
import { formerName, nextName } from '../../../../src/documents/reembed/collection-names.ts';
import { RebuiltVectors } from '../../../../src/documents/reembed/rebuilt-vectors.ts';
import { DocumentRegistry } from '../../../../src/documents/registry.ts';
import { VectorStore } from '../../../../src/documents/vector-store.ts';
import { ReembedJobs } from '../../../../src/jobs/transitions/reembed-jobs.ts';
import { createKeys } from '../../../../src/redis/keys.ts';
import { ReembedSweep } from '../../../../src/worker/reembed/reembed-sweep.ts';
import { quietLogger } from '../../../helpers/servers/roles.ts';
import { useBackends, useRedis } from '../../../helpers/servers/use.ts';

const keys = createKeys();
const { signal } = new AbortController();
const rebuild = { job: 'r', name: 'second', dimensions: 2, beganAt: 0 };

const redis = useRedis();
const backends = useBackends();
let collection = '';
let tests = 0;
let vectors: VectorStore;
let rebuilt: RebuiltVectors;
let reembeds: ReembedJobs;

function client(): ChromaClient {
  const { hostname, port } = new URL(backends.env['CHROMA_URL']!);
  return new ChromaClient({ host: hostname, port: Number(port) });
}
const rename = async (from: string, to: string) =>
  (await client().getCollection({ name: from })).modify({ name: to });
const record = (id: string) => ({ id, text: id, context: undefined, metadata: { document_id: 'd' } });
const named = () => ({ tenant: 'default', collection });
function makeSweep(secondLookMs: number): ReembedSweep {
  const services = {
    rebuilt,
    vectors,
    reembeds,
    registry: new DocumentRegistry(redis.client, keys),
    counts: new ChunkCounts(redis.client, keys),
    models: { reembeddingJob: async () => undefined },
    epochs: { last: { epoch: 'e', offset: 0, server: '' } },
    logger: quietLogger(),
  };
  return new ReembedSweep(services, secondLookMs);
}

beforeEach(async () => {
  collection = `rebuilt${++tests}`;
  await redis.client.flushall();
  const url = backends.env['CHROMA_URL']!;
  vectors = new VectorStore(url);
  rebuilt = new RebuiltVectors(chromaCall(url), async () => {});
  reembeds = new ReembedJobs(redis.client, keys, { maxRetries: 3, ttlSeconds: 100 });
  const origin = {
    collection,
    documentId: 'd',
    generation: 'g',
    filename: 'a',
    contentHash: undefined,
    metadata: {},
  };
  await vectors.upsert(origin, [{ index: 0, text: 'x', start: 0, end: 1, embedding: [1, 0] }], signal);
});

test('a sweep reverts a rename that Chroma carries out after the job has ended', async () => {
  const sweep = makeSweep(0);
  await reembeds.addUnsettled(named());
  await sweep.sweep(signal);
  await rename(collection, formerName(collection));
  expect(await vectors.countCollection(collection, signal)).toBe(1);
  await sweep.sweep(signal);
  expect(await (await client().getCollection({ name: collection })).count()).toBe(1);
  expect(await reembeds.unsettled()).toEqual([]);
});

test('a collection stays listed until its second look', async () => {
  const sweep = makeSweep(60_000);
  await reembeds.addUnsettled(named());
  await sweep.sweep(signal);
  await sweep.sweep(signal);
  expect(await reembeds.unsettled()).toEqual([named()]);
});

test('a collection that Chroma refuses blocks no other one', async () => {
  await reembeds.addUnsettled({ tenant: 'default', collection: 'no/name' });
  await reembeds.addUnsettled(named());
  await rename(collection, formerName(collection));
  await makeSweep(0).sweep(signal);
  expect(await (await client().getCollection({ name: collection })).count()).toBe(1);
});

test('only the job and the model of the next collection write to it and switch it', async () => {
  await rebuilt.begin(collection, rebuild, signal);
  const late = [
    { ...rebuild, job: 's' },
    { ...rebuild, name: 'third' },
  ];
  for (const other of late) {
    await expect(rebuilt.write(collection, other, [record('d:g:0')], [[0, 1]], signal)).rejects.toThrow(
      'gone',
    );
    await expect(rebuilt.switch(collection, other, signal)).rejects.toThrow('gone');
  }
  await rebuilt.write(collection, rebuild, [record('d:g:0')], [[0, 1]], signal);
  await rebuilt.switch(collection, rebuild, signal);
  await rebuilt.switch(collection, rebuild, signal);
  expect(await rebuilt.present(collection, signal)).toEqual(rebuild);
});

test('a switch fails if a sweep has deleted the next collection', async () => {
  await rebuilt.begin(collection, rebuild, signal);
  await rebuilt.settle(collection, signal);
  await expect(rebuilt.switch(collection, rebuild, signal)).rejects.toThrow('gone');
  expect(await rebuilt.present(collection, signal)).toBeUndefined();
});

test('another job reverts half a switch before it begins', async () => {
  await rebuilt.begin(collection, rebuild, signal);
  await rename(collection, formerName(collection));
  await rebuilt.begin(collection, { ...rebuild, job: 's' }, signal);
  expect(await rebuilt.read(collection, ['d:g:0'], signal)).toHaveLength(1);
  expect(await (await client().getCollection({ name: nextName(collection) })).count()).toBe(0);
});

test('a job deletes the copy of a record that was deleted meanwhile, and no chunk of a later job', async () => {
  await rebuilt.begin(collection, rebuild, signal);
  await rebuilt.write(
    collection,
    rebuild,
    [record('d:g:0'), record('d:g:1')],
    [
      [0, 1],
      [0, 1],
    ],
    signal,
  );
  await rebuilt.prune(collection, signal);
  await rebuilt.switch(collection, rebuild, signal);
  const origin = {
    collection,
    documentId: 'e',
    generation: 'g',
    filename: 'a',
    contentHash: undefined,
    metadata: {},
  };
  await vectors.upsert(origin, [{ index: 0, text: 'x', start: 0, end: 1, embedding: [1, 0] }], signal);
  await rebuilt.dropFormer(collection, signal);
  const { ids } = await (await client().getCollection({ name: collection })).get();
  expect(ids.sort()).toEqual(['d:g:0', 'e:g:0']);
});
