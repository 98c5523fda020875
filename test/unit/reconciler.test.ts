import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';

import { createKeys } from '../../src/redis/keys.ts';
import { Availability } from '../../src/worker/availability.ts';
import { Reconciler, type ReconcilerServices } from '../../src/worker/reconciler.ts';
import { confirmed } from '../helpers/confirmed.ts';
import { quietLogger } from '../helpers/roles.ts';

const LEASE_MS = 300;

/** A worker's reconciler, whose Chroma takes its time. */
function start() {
  const redis = Object.assign(new EventEmitter(), {
    get: async () => null,
    set: async () => 'OK',
    del: async () => 1,
    pexpire: async () => 1,
  });
  const page = Promise.withResolvers<void>();
  const generations = async function* (signal: AbortSignal) {
    signal.addEventListener('abort', () => page.resolve());
    await page.promise;
    yield [];
  };
  const present = { history: 'first', sequence: 1 };
  const history = { open: vi.fn(async () => present), follow: async () => present.history };
  const buryStrays = vi.fn(async () => 0);
  const availability = new Availability();
  const services = {
    redis,
    keys: createKeys(),
    history,
    ended: { sweep: async () => {} },
    cleanups: { buryStrays },
    vectors: { generations },
    installation: confirmed,
    logger: quietLogger(),
  } as unknown as ReconcilerServices;
  const reconciler = new Reconciler(services, availability, LEASE_MS, 0);
  const looks = vi.spyOn(services.vectors, 'generations');
  return { reconciler, redis, history, present, availability, buryStrays, looks, page };
}

test('a reconnect while Chroma is compared stops claiming only until Redis was asked what it is', async () => {
  const { reconciler, redis, history, availability, looks } = start();
  await expect.poll(() => looks.mock.calls.length).toBe(1);
  redis.emit('close');
  expect(availability.impaired).toBe(true);
  redis.emit('ready');
  await expect.poll(() => availability.impaired).toBe(false);
  expect(history.open).toHaveBeenCalledTimes(2);
  await sleep(LEASE_MS);
  expect(looks).toHaveBeenCalledTimes(1);
  await reconciler.close();
});

test('what Chroma holds is not buried by what was known of another history', async () => {
  const { reconciler, redis, present, looks, availability, buryStrays, page } = start();
  await expect.poll(() => looks.mock.calls.length).toBe(1);
  present.history = 'second';
  redis.emit('close');
  redis.emit('ready');
  await expect.poll(() => availability.impaired).toBe(false);
  page.resolve();
  await sleep(0);
  expect(buryStrays).not.toHaveBeenCalled();
  await reconciler.close();
});
