import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { replicate } from '../../helpers/servers/redis.ts';
import { FOR_EACH, use, useBackends, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { expectAccepted, expectRefused, storedFiles, upload } from '../../helpers/clients/uploads.ts';

/** Longer than an upload waits for Redis. */
const OUTAGE_MS = 3200;

const backends = useBackends(FOR_EACH);
const master = useRedis(FOR_EACH);
const replica = useRedis(FOR_EACH);
/** Between the two. */
const link = use(() => TcpProxy.start(0, master.port), FOR_EACH);
beforeEach(() => replicate(replica, master, link.port));
/** Where the roles believe Redis to be. */
const address = use(() => TcpProxy.start(0, master.port), FOR_EACH);
const redisUrl = () => `redis://127.0.0.1:${address.port}`;
const api = useRoles(['api'], () => ({ REDIS_URL: redisUrl() }), FOR_EACH);
const worker = useRoles(
  ['worker'],
  () => ({
    ...backends.env,
    REDIS_URL: redisUrl(),
    BLOB_STORE: join(api.dataDir, 'blobs'),
    LEASE_MS: '2000',
  }),
  FOR_EACH,
);

const becomeReplica = async () => {
  await master.client.call('FAILOVER', 'TO', '127.0.0.1', replica.port);
  await eventually(async () => (await replica.client.info('replication')).includes('role:master'));
};

async function job(id: string): Promise<Job> {
  return (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job;
}

/**
 * Uploads all the while.
 * @returns `more` waits until so many more are sent, `responded` for their responses; `stop` ends it, and tells which ids
 *   were accepted and how many uploads were refused
 */
function keepUploading() {
  const responses: Promise<Response>[] = [];
  const timer = setInterval(() => responses.push(upload(api.url, `Document ${responses.length}.`)), 100);
  const more = (count: number) => {
    const until = responses.length + count;
    return expect.poll(() => responses.length).toBeGreaterThanOrEqual(until);
  };
  const stop = async () => {
    clearInterval(timer);
    const accepted: string[] = [];
    let refused = 0;
    for (const response of await Promise.all(responses)) {
      if (response.status === 202) accepted.push(await expectAccepted(response));
      else {
        await expectRefused(response, 'queue_unavailable');
        refused++;
      }
    }
    return { accepted, refused };
  };
  return { more, responded: () => Promise.all(responses), stop };
}

test.each([
  {
    name: 'a master that dies is replaced by its replica',
    fail: async () => {
      await master.kill();
      await sleep(OUTAGE_MS);
      await replica.client.replicaof('NO', 'ONE');
    },
  },
  {
    name: 'a master becomes a replica, and refuses to write',
    fail: async () => {
      await becomeReplica();
      await sleep(OUTAGE_MS);
    },
  },
])('$name: no upload is lost, no job fails, and all goes on by itself', async ({ fail }) => {
  const uploads = keepUploading();
  await uploads.more(5);
  await uploads.responded();
  await fail();
  address.redirect(replica.port);
  await uploads.more(10);
  const { accepted, refused } = await uploads.stop();
  expect(refused).toBeGreaterThan(0);
  accepted.push(await expectAccepted(await upload(api.url, 'The last document.')));

  for (const id of accepted) {
    await expect.poll(async () => (await job(id)).status).toBe('completed');
    const log = worker.logger.lines.filter((line) => line.includes(id)).join('\n');
    expect((await job(id)).retry_count, log).toBeUndefined();
  }
  // Of those that were refused nothing is left.
  expect(await replica.client.zrange('jobs:recent', '0', '-1')).toHaveLength(accepted.length);
  const originals = (await storedFiles(api.dataDir)).filter((name) => !name.includes('.'));
  expect(originals.sort()).toEqual(accepted.sort());
});

test('an upload that only a dead master knew is queued anew on the next one', async () => {
  link.latencyMs = 60_000;
  const response = upload(api.url);
  await expect.poll(() => master.client.zcard('jobs:recent'), { interval: 5 }).toBe(1);
  await master.kill();
  await replica.client.replicaof('NO', 'ONE');
  expect(await replica.client.zcard('jobs:recent')).toBe(0);
  address.redirect(replica.port);
  const id = await expectAccepted(await response);
  await expect.poll(async () => (await job(id)).status).toBe('completed');
});

test('an upload that is refused by a former master leaves nothing on the new one, should its answer have been lost', async () => {
  // No worker may have the job before it is withdrawn.
  await worker.close();
  await expect.poll(async () => (await fetch(`${api.url}/readyz`)).status).toBe(200);
  address.latencyMs = 60_000;
  const response = upload(api.url);
  const queued = () => replica.client.zcard('jobs:recent');
  await expect.poll(queued, { interval: 5 }).toBe(1);
  await becomeReplica();
  address.latencyMs = 0;
  await master.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await expectRefused(await response, 'queue_unavailable');
  // The former master refuses to withdraw it, too.
  await sleep(500);
  expect(await queued()).toBe(1);
  address.redirect(replica.port);
  await expect.poll(queued).toBe(0);
});
