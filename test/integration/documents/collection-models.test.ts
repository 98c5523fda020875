import { expect, test } from 'vitest';

import { CollectionModels } from '../../../src/documents/collections/collection-models.ts';
import { ModelNotTakenError } from '../../../src/jobs/transitions/registration-errors.ts';
import { claimOne, document, keys, payload, queue, redis, useQueue } from '../../helpers/stores/queue.ts';

useQueue();

const counts = keys.counts('default', document.collection);
const { signal } = new AbortController();
const LONG = 'x'.repeat(1000);

/** Fields of a collection's counts, a model, and whether the collection takes it. */
const CASES: [held: string[], name: string, dimensions: number, taken: boolean][] = [
  [[], 'm', 4, true],
  [['model:4:m'], 'm', 4, true],
  [['model:4:m'], 'n', 4, false],
  [['model:4:m'], 'm', 5, false],
  [['model:4:m'], 'M', 4, false],
  [['model:4:m'], '', 4, true],
  [['model:4:m'], '', 5, false],
  [['model:4:m'], 'm', 0, true],
  [['model:4:m'], 'n', 0, false],
  [['model:4:m'], '', 0, true],
  [['model::m'], 'm', 5, true],
  [['model::m'], 'n', 5, false],
  [['model:4:'], 'n', 4, true],
  [['model:4:m', 'model:4:n'], 'n', 4, true],
  [['model:4:m', 'model:5:n'], 'n', 4, false],
  [['model:4:a:b\nc'], 'a:b\nc', 4, true],
  [['model:x:m', 'chunks'], 'n', 4, true],
];

const noReembed = { activeJob: async () => undefined };

test.each(CASES)(
  'a collection with counts %j and a model "%s" of %i numbers: takes it is %s',
  async (...given) => {
    const [held, name, dimensions, taken] = given;
    for (const field of ['documents', 'changes', ...held]) await redis.client.hset(counts, field, 1);
    const models = new CollectionModels(
      redis.client,
      keys,
      {
        seen: true,
        present: { model: name, dimensions, reader_version: '' },
        look: async () => ({ model: name, dimensions, reader_version: '' }),
      },
      noReembed,
    );
    const looks = await Promise.allSettled([
      models.ensureTakesPresent('default', document.collection, signal),
      models.ensureTakes('default', document.collection, { name, dimensions }, signal),
    ]);
    await queue.enqueue('a', 'default', payload);
    const claim = await claimOne();
    const fields = { ...document.fields, model: name, dimension: dimensions > 0 ? `${dimensions}` : '' };
    const before = await redis.client.hgetall(counts);
    const outcomes = [
      ...looks,
      ...(await Promise.allSettled([queue.complete(claim, { ...document, fields })])),
    ];
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([taken, taken, taken]);
    expect(await redis.client.exists(keys.document('a'))).toBe(taken ? 1 : 0);
    if (taken) return;
    const refused = { code: 'embedding_mismatch', kind: 'permanent' };
    expect(outcomes).toMatchObject([{ reason: refused }, { reason: refused }, {}]);
    expect(outcomes[2]).toMatchObject({ reason: expect.any(ModelNotTakenError) as Error });
    expect(await redis.client.hgetall(counts)).toEqual(before);
    // The holder fails its job then, and its chunks are marked dead.
    await queue.fail(claim, { message: 'x', error: 'x', errorCode: 'embedding_mismatch' });
    const dead = ['default', document.collection, 'a', claim.token, 1];
    expect(await redis.client.zrange(keys.cleanup, '0', '-1')).toEqual([JSON.stringify(dead)]);
  },
);

test('a refusal names three models at most, shortens long names, and reads no foreign value', async () => {
  const models = new CollectionModels(
    redis.client,
    keys,
    {
      seen: true,
      present: { model: LONG, dimensions: 4, reader_version: '' },
      look: async () => ({ model: LONG, dimensions: 4, reader_version: '' }),
    },
    noReembed,
  );
  const look = () => models.ensureTakesPresent('default', document.collection, signal);
  await redis.client.set(counts, 'spoilt');
  await look();
  await redis.client.del(counts);
  for (const name of ['a', 'b', 'c', 'd']) await redis.client.hset(counts, `model:4:${name}`, 1);
  const named = ['a', 'b', 'c'].map((name) => `the model "${name}" (4 numbers each)`).join(' and ');
  await expect(look()).rejects.toThrow(`holds vectors of ${named} and others. The processor embeds`);
  await expect(look()).rejects.toThrow(`the model "${'x'.repeat(100)}" (4 numbers each)`);
});
