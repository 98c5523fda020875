import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { use, useRedis } from '../../helpers/servers/use.ts';
import { WatchedNodes } from '../../helpers/clients/watched-nodes.ts';

const redis = useRedis();
const watched = use(() => WatchedNodes.start(redis, [redis.url, redis.url]));

beforeEach(() => watched.begin());
afterEach(() => watched.end());

test('the subscriptions are cut in the moment in which a job ends', async () => {
  const { jobs, first, second } = watched;
  await Promise.all([redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), jobs.complete(first)]);
  await watched.sawEnd(first);
  await watched.told('stale');
  await watched.told('live');
  await jobs.fail(second);
  await watched.sawEnd(second);
});

test('Redis answers and delivers nothing: the nodes are not ready', async () => {
  const { jobs, nodes, first, second } = watched;
  const acl = (rule: string) => redis.client.call('ACL', 'SETUSER', 'default', rule);
  await acl('-psubscribe');
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await jobs.complete(first);
  await watched.told('stale');
  for (const { url } of nodes) {
    const response = await fetch(`${url}/readyz`);
    expect(await response.json()).toMatchObject({ checks: { redis: 'ok', events: 'failed' } });
    expect(response.status).toBe(503);
  }
  await acl('+psubscribe');
  await watched.sawEnd(first);
  await jobs.complete(second);
  await watched.sawEnd(second);
  await watched.becomeReady();
});

test('Redis stands still for 6 s: watchers are told so, the nodes are not ready, and all comes back', async () => {
  const { jobs, first, second, watchers } = watched;
  const missed = await watched.misses();
  process.kill(redis.pid(), 'SIGSTOP');
  // Those who come now, before anybody notices, are read for in vain; those who come later wait at once.
  const early = watched.newcomers();
  const ending = jobs.complete(first);
  await watched.told('stale');
  await watched.becomeUnready();
  watched.watchers = [...watchers, ...early, ...watched.newcomers()];
  await watched.told('stale');
  // Longer than any command is waited for.
  await sleep(2500);
  process.kill(redis.pid(), 'SIGCONT');
  await ending;
  await watched.told('live');
  await watched.every(({ snapshots }) => snapshots === 1);
  await watched.becomeReady();
  const now = await watched.misses();
  expect(now.every((count, i) => count > missed[i]!)).toBe(true);
  for (const { ends } of watchers) expect(ends.get(`${first.id}/1`)).toBe(1);
  await jobs.complete(second);
  await watched.sawEnd(second);
});

test('an emptied Redis is another epoch: all that was known is forgotten, and the same ids begin anew', async () => {
  const { jobs, first, watchers } = watched;
  const { epoch } = watchers[0]!;
  await redis.client.flushall();
  await watched.told('live');
  await watched.every((watcher) => watcher.epoch !== epoch);
  await watched.every((watcher) => watcher.gone.length === 2 || watcher.heard('error') === 2);
  // With versions that were there before.
  const again = await jobs.claim(first.id);
  await watched.every((watcher) => watcher.job(first.id)?.version === 2);
  await jobs.complete(again);
  await watched.sawEnd(again);
});
