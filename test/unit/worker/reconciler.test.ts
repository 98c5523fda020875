import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';

import { Availability } from '../../../src/worker/claim/availability.ts';
import { Reconciler, type ReconcilerServices } from '../../../src/worker/recovery/reconciler.ts';
import { confirmed } from '../../helpers/stores/confirmed.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const LEASE_MS = 300;

type Compare = ReconcilerServices['comparison']['compare'];

/** Makes a worker's reconciler with a slow comparison. */
function start() {
  const redis = new EventEmitter();
  const page = Promise.withResolvers<void>();
  const asked: boolean[] = [];
  const compare = vi.fn<Compare>(async (_epoch, _settled, goesOn, signal) => {
    signal.addEventListener('abort', () => page.resolve());
    await page.promise;
    asked.push(await goesOn());
  });
  const present = { epoch: 'first', offset: 1 };
  const epochs = { open: vi.fn(async () => present), follow: async () => present.epoch };
  const availability = new Availability();
  const services = {
    redis,
    epochs,
    ended: { sweep: async () => {} },
    comparison: { compare },
    installation: confirmed,
    logger: quietLogger(),
  } as unknown as ReconcilerServices;
  const reconciler = new Reconciler(services, availability, LEASE_MS, 0);
  return { reconciler, redis, epochs, present, availability, compare, asked, page };
}

test('a reconnect while Chroma is compared stops claiming only until Redis was asked what it is', async () => {
  const { reconciler, redis, epochs, availability, compare } = start();
  await expect.poll(() => compare.mock.calls.length).toBe(1);
  redis.emit('close');
  expect(availability.impaired).toBe(true);
  redis.emit('ready');
  await expect.poll(() => availability.impaired).toBe(false);
  expect(epochs.open).toHaveBeenCalledTimes(2);
  // Another comparison would begin by then.
  await sleep(LEASE_MS);
  expect(compare).toHaveBeenCalledTimes(1);
  await reconciler.close();
});

test('a comparison does not go on by what was known of another epoch', async () => {
  const { reconciler, redis, present, compare, availability, asked, page } = start();
  await expect.poll(() => compare.mock.calls.length).toBe(1);
  present.epoch = 'second';
  redis.emit('close');
  redis.emit('ready');
  await expect.poll(() => availability.impaired).toBe(false);
  page.resolve();
  await expect.poll(() => asked).toEqual([false]);
  await reconciler.close();
});
