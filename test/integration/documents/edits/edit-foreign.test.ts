import { expect, test } from 'vitest';

import { EditSweep } from '../../../../src/worker/recovery/edit-sweep.ts';
import { all } from '../../../helpers/documents/edits.ts';
import { keys, redis, useDeletion } from '../../../helpers/stores/deletion.ts';

useDeletion();

test.for([
  ['no id', undefined],
  ['the id of another document', 'b'],
])('a sweep removes due edits of hashes with %s', async ([, id]) => {
  // A full page makes the sweep ask for another.
  for (let i = 0; i < 20; i++) {
    await redis.client.hset(keys.document(`z${i}`), id === undefined ? { x: '1' } : { id, generation: 'g' });
    await redis.client.zadd(keys.edited, 1, `z${i}`);
  }
  const services = all();
  const { edits } = services;
  const due = edits.due.bind(edits);
  const stop = new AbortController();
  let pages = 0;
  edits.due = async (count) => {
    if (++pages > 3) stop.abort();
    return due(count);
  };
  await new EditSweep(services).sweep(stop.signal);
  expect(pages).toBe(1);
  expect(await redis.client.exists(keys.edited)).toBe(0);
});
