import { afterEach, expect, test } from 'vitest';

import type { ClientMessage } from '../../../src/contract/messages.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { Watcher } from '../../helpers/clients/watcher.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const GENEROUS = { timeout: 60_000 };
const SESSIONS = 400;
let watchers: { end(): void }[] = [];

const redis = useRedis();
const doomed = use(() => GatewayNode.start(redis.url));
const other = use(() => GatewayNode.start(redis.url));
const jobs = new TestJobs(redis);

afterEach(() => {
  for (const watcher of watchers) watcher.end();
  watchers = [];
});

/** Connects to the node that stays, and subscribes. */
async function subscribe(message: object) {
  const client = new TestClient(`${other.url}/ws`);
  watchers.push({ end: () => client.socket.terminate() });
  await client.opened;
  client.send({ type: 'subscribe', ...message } as ClientMessage);
  client.send({ type: 'ping' });
  await expect.poll(() => client.of('pong').length).toBe(1);
  return client;
}
const versionsIn = (client: TestClient) =>
  Object.fromEntries(
    client.of('snapshot').flatMap((page) => page.jobs.map(({ id, version }) => [id, version])),
  );

test('a snapshot has only what has changed, and versions of another epoch are disregarded', async () => {
  const [changed, same] = await jobs.claimAll(['changed', 'same']);
  const ids = ['changed', 'same'];
  const first = await subscribe({ id: 1, channel: 'jobs', jobs: ids });
  const { epoch } = first.of('welcome')[0]!;
  const versions = versionsIn(first);
  expect(Object.keys(versions).sort()).toEqual(ids);
  await jobs.step(changed!, 62);
  const resumed = await subscribe({ id: 1, channel: 'jobs', jobs: ids, versions, epoch });
  expect(versionsIn(resumed)).toEqual({ changed: versions['changed']! + 1 });
  const dashboard = await subscribe({ id: 1, channel: 'active', versions, epoch });
  expect(versionsIn(dashboard)).toEqual(versionsIn(resumed));
  for (const unknown of [{ epoch: 'another' }, {}]) {
    expect(
      Object.keys(
        versionsIn(await subscribe({ id: 1, channel: 'jobs', jobs: ids, versions, ...unknown })),
      ).sort(),
    ).toEqual(ids);
  }
  // What was not sent again goes on all the same.
  await jobs.complete(same!);
  for (const client of [resumed, dashboard])
    await expect.poll(() => client.states('same').map(({ status }) => status)).toEqual(['completed']);
  await jobs.complete(changed!);
});

test('a dashboard that comes back is told of the ends that it missed, and of what nobody knows', async () => {
  const [ended] = await jobs.claimAll(['ended', 'going']);
  const first = await subscribe({ id: 1, channel: 'active' });
  const { epoch } = first.of('welcome')[0]!;
  const versions = { ...versionsIn(first), forgotten: 3 };
  first.socket.terminate();
  await jobs.complete(ended!);
  const again = await subscribe({ id: 5, channel: 'active', versions, epoch });
  await expect
    .poll(() =>
      again
        .of('gone')
        .flatMap((gone) => gone.jobs)
        .sort(),
    )
    .toEqual(['ended', 'forgotten']);
  expect(again.states('ended').map(({ status }) => status)).toEqual(['completed']);
  expect(again.states('going')).toEqual([]);
  const types = again.messages.map(({ type }) => type);
  expect(types.indexOf('snapshot')).toBeLessThan(types.indexOf('gone'));
  // Versions of another epoch: what they name is a member all the same, and whole states come.
  const lost = await subscribe({ id: 6, channel: 'active', versions, epoch: 'another' });
  expect(versionsIn(lost)).toMatchObject({ ended: expect.any(Number), going: expect.any(Number) });
  await expect
    .poll(() =>
      lost
        .of('gone')
        .flatMap((gone) => gone.jobs)
        .sort(),
    )
    .toEqual(['ended', 'forgotten']);
});

test('a node is killed under hundreds of sessions: all resume on the other, and none misses an end', async () => {
  await redis.client.del('jobs:active', 'queue:document_upload');
  const ids = Array.from({ length: 60 }, (_, i) => `many-${i}`);
  const claimed = await jobs.claimAll(ids);
  const urls = [doomed.url, other.url];
  const crowd = Array.from({ length: SESSIONS }, (_, i) =>
    i % 20 === 0
      ? new Watcher(urls, { channel: 'active' })
      : new Watcher(urls, { jobs: [0, 7, 31].map((step) => ids[(i + step) % ids.length] as string) }),
  );
  watchers = crowd;
  await expect.poll(() => crowd.every(({ snapshots }) => snapshots === 1), GENEROUS).toBe(true);
  await Promise.all(claimed.slice(0, 20).map((job) => jobs.complete(job)));
  doomed.signal('SIGKILL');
  await Promise.all(claimed.slice(20, 40).map((job) => jobs.complete(job)));
  await expect.poll(() => crowd.every(({ snapshots }) => snapshots === 2), GENEROUS).toBe(true);
  await Promise.all(claimed.slice(40).map((job) => jobs.complete(job)));
  await expect
    .poll(() => crowd.filter((watcher, i) => watcher.ends.size !== (i % 20 === 0 ? 60 : 3)).length, GENEROUS)
    .toBe(0);
  for (const watcher of crowd) {
    expect(watcher.faults).toEqual([]);
    expect([...watcher.ends.values()].every((times) => times === 1)).toBe(true);
  }
  for (const dashboard of crowd.filter((_, i) => i % 20 === 0))
    await expect.poll(() => dashboard.gone.toSorted()).toEqual(ids.toSorted());
  for (const watcher of crowd) watcher.end();
  await other.emptied();
}, 60_000);
