import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { startBackends, type Backends } from '../../helpers/servers/backends.ts';
import { replicate, startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { startTestRoles, type TestRoles } from '../../helpers/servers/roles.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { expectAccepted, expectRefused, storedFiles, upload } from '../../helpers/clients/uploads.ts';

/** Longer than an upload waits for Redis. */
const OUTAGE_MS = 3200;

let backends: Backends;
let master: TestRedis;
let replica: TestRedis;
/** Between the two. */
let link: TcpProxy;
/** Where the roles believe Redis to be. */
let address: TcpProxy;
let roles: TestRoles;

beforeEach(async () => {
  [backends, master, replica] = await Promise.all([startBackends(), startRedis(), startRedis()]);
  link = await TcpProxy.start(0, master.port);
  await replicate(replica, master, link.port);
  address = await TcpProxy.start(0, master.port);
  const url = `redis://127.0.0.1:${address.port}`;
  roles = await startTestRoles(['api', 'worker'], { ...backends.env, REDIS_URL: url, LEASE_MS: '2000' });
});
afterEach(async () => {
  await roles?.close();
  await address?.close();
  await link?.close();
  await Promise.all([backends?.close(), master?.close(), replica?.close()]);
});

const becomeReplica = async () => {
  await master.client.call('FAILOVER', 'TO', '127.0.0.1', replica.port);
  await eventually(async () => (await replica.client.info('replication')).includes('role:master'));
};

async function job(id: string): Promise<Job> {
  return (await (await fetch(`${roles.url}/api/jobs/${id}`)).json()) as Job;
}

/**
 * Uploads all the while.
 * @returns `answered` waits for what is under way; `stop` ends it, and tells which ids were accepted and how many
 *   uploads were refused
 */
function keepUploading() {
  const responses: Promise<Response>[] = [];
  const timer = setInterval(() => responses.push(upload(roles.url, `Document ${responses.length}.`)), 100);
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
  return { responded: () => Promise.all(responses), stop };
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
  await sleep(500);
  await uploads.responded();
  await fail();
  address.redirect(replica.port);
  await sleep(1000);
  const { accepted, refused } = await uploads.stop();
  expect(refused).toBeGreaterThan(0);
  accepted.push(await expectAccepted(await upload(roles.url, 'The last document.')));

  for (const id of accepted) {
    await expect.poll(async () => (await job(id)).status).toBe('completed');
    expect((await job(id)).retry_count).toBeUndefined();
  }
  // Of those that were refused nothing is left.
  expect(await replica.client.zrange('jobs:recent', '0', '-1')).toHaveLength(accepted.length);
  const originals = (await storedFiles(roles.dataDir)).filter((name) => !name.includes('.'));
  expect(originals.sort()).toEqual(accepted.sort());
});

test('an upload that only a dead master knew is queued anew on the next one', async () => {
  link.latencyMs = 60_000;
  const response = upload(roles.url);
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
  await roles.close();
  roles = await startTestRoles(['api'], { REDIS_URL: `redis://127.0.0.1:${address.port}` });
  await expect.poll(async () => (await fetch(`${roles.url}/readyz`)).status).toBe(200);
  address.latencyMs = 60_000;
  const response = upload(roles.url);
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
