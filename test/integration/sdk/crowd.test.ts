import { afterAll, beforeAll, expect, test } from 'vitest';

import { Sluice } from '../../../client/sdk/sluice.ts';
import { isTerminal, type Job } from '../../../src/contract/job.ts';
import { ClientLine } from '../../helpers/faults/client-line.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const CLIENTS = 300;
const ROLES = ['api', 'gateway'];

const redis = useRedis();
const jobs = new TestJobs(redis);
const line = use(() => ClientLine.start('http://127.0.0.1:9'));
let node: GatewayNode;
beforeAll(async () => {
  node = await GatewayNode.start(redis.url, ROLES);
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
  node = await GatewayNode.start(redis.url, ROLES);
  line.redirect(node.url);
  await former.close();
}

test('every client gets every end, whatever happens to the gateway', async () => {
  const ids = Array.from({ length: CLIENTS }, (_, i) => `crowd-${i}`);
  const claimed = await jobs.claimAll(ids);
  const followers = ids.map((id) => new Follower(id));
  await eventually(() => followers.every(({ sluice }) => sluice.link.state === 'live'));
  const third = CLIENTS / 3;
  const end = async (from: number) => {
    for (const job of claimed.slice(from, from + third)) await jobs.fail(job);
  };

  // These end while nobody can hear of it.
  await replace((former) => {
    former.signal('SIGKILL');
    line.down();
  }).then(() => line.restore());
  await end(0);
  await replace((former) => former.signal('SIGTERM'));
  await end(third);
  line.silence();
  await end(2 * third);
  line.restore();

  const ends = await Promise.all(followers.map(({ done }) => done));
  expect(ends.map(({ id }) => id)).toEqual(ids);
  expect(ends.every(({ status }) => isTerminal(status))).toBe(true);
  expect(followers.flatMap(({ faults }) => faults)).toEqual([]);
  for (const { sluice } of followers) sluice.close();
});
