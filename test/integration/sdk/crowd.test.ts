import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Upload } from '../../../client/sdk/api.ts';
import { Sluice } from '../../../client/sdk/sluice.ts';
import { isTerminal, type Job } from '../../../src/contract/job.ts';
import { ClientLine } from '../../helpers/faults/client-line.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { use, useFolder, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const CLIENTS = 300;
/** Number of clients to each one that uploads before each fault. */
const UPLOADERS = 5;
const ROLES = ['api', 'gateway'];

const redis = useRedis();
const jobs = new TestJobs(redis);
const line = use(() => ClientLine.start('http://127.0.0.1:9'));
const blobs = join(useFolder(), 'blobs');
const start = () => GatewayNode.start(redis.url, ROLES, [], blobs);
let node: GatewayNode;
beforeAll(async () => {
  node = await start();
  line.redirect(node.url);
});
afterAll(() => node.close());

/** A client that follows a job, and notes what it must never see. */
class Follower {
  readonly sluice = new Sluice({ url: line.url });
  readonly faults: string[] = [];
  readonly done: Promise<Job>;
  #version = -1;

  constructor(id: string) {
    const watch = this.sluice.watch(id, {
      onJob: ({ version }) => {
        if (version <= this.#version) this.faults.push(`${version} after ${this.#version}`);
        this.#version = version;
      },
    });
    this.done = watch.done;
  }
}

/** Starts another node, and then ends the present one. */
async function replace(end: (node: GatewayNode) => void): Promise<void> {
  const former = node;
  end(former);
  await former.exited;
  line.cut();
  node = await start();
  line.redirect(node.url);
  await former.close();
}

/** Makes some clients upload a file in a batch of its own. Waits until some are accepted and others under way. */
async function upload(followers: readonly Follower[], wave: number): Promise<Upload[]> {
  const uploads = followers
    .filter((_, i) => i % UPLOADERS === 0)
    .map(({ sluice }, i) => {
      const file = new File([`The file ${wave} of ${i}.`], `${wave}.txt`);
      return sluice.upload(file, { batch: `batch ${wave} of ${i}`, on_duplicate: 'keep' });
    });
  await Promise.any(uploads.map(({ accepted }) => accepted));
  return uploads;
}

/** Completes the jobs of accepted uploads, as a worker does. */
async function complete(uploads: readonly Upload[]): Promise<Job[]> {
  const ends = Promise.all(uploads.map(({ job }) => job.done));
  for (let left = uploads.length; left > 0;) {
    const claimed = await jobs.queue.claim(left);
    for (const job of claimed.jobs) await jobs.complete(job);
    left -= claimed.jobs.length;
  }
  return ends;
}

test('every client gets every end and makes no duplicate, whatever happens to the gateway and the api', async () => {
  const ids = Array.from({ length: CLIENTS }, (_, i) => `crowd-${i}`);
  const claimed = await jobs.claimAll(ids);
  const followers = ids.map((id) => new Follower(id));
  await eventually(() => followers.every(({ sluice }) => sluice.link.state === 'live'));
  const third = CLIENTS / 3;
  const end = async (from: number) => {
    for (const job of claimed.slice(from, from + third)) await jobs.fail(job);
  };

  // These end while nobody can hear of it.
  const uploads = await upload(followers, 0);
  await replace((former) => {
    former.signal('SIGKILL');
    line.down();
  }).then(() => line.restore());
  await end(0);
  uploads.push(...(await upload(followers, 1)));
  await replace((former) => former.signal('SIGTERM'));
  await end(third);
  uploads.push(...(await upload(followers, 2)));
  line.silence();
  await end(2 * third);
  line.restore();

  const ends = await Promise.all(followers.map(({ done }) => done));
  expect(ends.map(({ id }) => id)).toEqual(ids);
  expect(ends.every(({ status }) => isTerminal(status))).toBe(true);
  await Promise.all(uploads.map(({ accepted }) => accepted));
  expect(await redis.client.zcard('jobs:recent')).toBe(CLIENTS + uploads.length);
  expect(new Set((await complete(uploads)).map(({ status }) => status))).toEqual(new Set(['completed']));
  expect(followers.flatMap(({ faults }) => faults)).toEqual([]);
  for (const { sluice } of followers) sluice.close();
});
