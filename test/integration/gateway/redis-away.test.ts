import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { use, useRedis } from '../../helpers/servers/use.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { WatchedNodes } from '../../helpers/clients/watched-nodes.ts';

const GENEROUS = { timeout: 60_000 };

const redis = useRedis();
/** The second node's way to Redis. */
const proxy = use(() => TcpProxy.start(0, redis.port));
const watched = use(() => WatchedNodes.start(redis, [redis.url, `redis://127.0.0.1:${proxy.port}`]));

beforeEach(() => watched.begin());
afterEach(() => watched.end());

test('Redis is killed and started again: another epoch, and nobody has to connect anew', async () => {
  const { jobs, first, second, watchers } = watched;
  const { epoch } = watchers[0]!;
  await redis.kill();
  await watched.told('stale');
  await watched.becomeUnready();
  watched.watchers = [...watchers, ...watched.newcomers()];
  await watched.told('stale');
  // Longer than any command is tried again.
  await sleep(3000);
  await redis.start();
  await jobs.complete(first);
  await watched.told('live');
  await watched.every((watcher) => watcher.snapshots === 1 && watcher.epoch !== epoch);
  await jobs.complete(second);
  await watched.sawEnd(second);
  await expect.poll(() => watchers[1]!.job(first.id)?.status).toBe('completed');
  await watched.becomeReady();
});

test('connections that are dead though nobody was told are replaced, and only their node is stale', async () => {
  const { jobs, first, second, watchers } = watched;
  const [missed, missedBehind] = await watched.misses();
  proxy.stall();
  await jobs.complete(first);
  await watched.sawEnd(first);
  expect(watchers.map((watcher) => watcher.heard('stale'))).toEqual([0, 0, 1, 1]);
  await expect.poll(() => watchers.map((watcher) => watcher.heard('live')), GENEROUS).toEqual([0, 0, 1, 1]);
  const [now, behind] = await watched.misses();
  expect([now, behind! > missedBehind!]).toEqual([missed, true]);
  await jobs.complete(second);
  await watched.sawEnd(second);
  await watched.becomeReady();
});
