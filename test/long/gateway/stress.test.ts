import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { liveHeapMiB } from '../../helpers/measures/live-heap.ts';
import { upgradeRequest } from '../../helpers/clients/raw-upgrade.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { Watcher } from '../../helpers/clients/watcher.ts';
import { TestClient } from '../../helpers/clients/ws.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';

const GENEROUS = { timeout: 60_000 };
const JOBS = 40;
/** Those who come in a round, some for its jobs and some for whatever is active. */
const CROWD = 200;
const isDashboard = (i: number) => i % 10 === 0;
const DEAF = 5;
const GO_ON_MS = 2000;
/** More together than may wait for a client. */
const LONG = 'x'.repeat(10_000);

/** The first lives on; the second is replaced. */
let nodes: [GatewayNode, GatewayNode];
/** Where they are now. */
let urls: string[];

const start = (proxy: TcpProxy) =>
  GatewayNode.start(`redis://127.0.0.1:${proxy.port}`, ['gateway'], ['--inspect=127.0.0.1:0']);

const redis = useRedis();
const jobs = new TestJobs(redis);
const useProxy = () => use(() => TcpProxy.start(0, redis.port));
/** Each node's way to Redis. */
const proxies = [useProxy(), useProxy()] as const;

beforeAll(async () => {
  nodes = await Promise.all([start(proxies[0]), start(proxies[1])]);
  urls = nodes.map(({ url }) => url);
});
afterAll(() => Promise.all(nodes.map((node) => node.close())));

async function replaceSecond(): Promise<void> {
  await nodes[1].close();
  nodes[1] = await start(proxies[1]);
  urls[1] = nodes[1].url;
}

const FAULTS: Record<string, () => Promise<void>> = {
  nothing: async () => {},
  'a node is killed': async () => {
    nodes[1].signal('SIGKILL');
    await replaceSecond();
  },
  'a node is told to stop': async () => {
    nodes[1].signal('SIGTERM');
    expect(await nodes[1].exited).toBe(0);
    await replaceSecond();
  },
  'Redis stands still': async () => {
    process.kill(redis.pid(), 'SIGSTOP');
    await sleep(5000);
    process.kill(redis.pid(), 'SIGCONT');
  },
  'Redis is killed': async () => {
    await redis.kill();
    await sleep(1000);
    await redis.start();
  },
  'subscriptions are cut': async () => {
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  },
  'connections are dead though nobody was told': async () => proxies[0].stall(),
};

/** Takes a job through its life again and again, until it is told to end it. */
async function live(job: ClaimedJob, over: AbortSignal): Promise<void> {
  for (let step = 0; !over.aborted; step++) {
    await jobs.step(job, 60 + (step % 20), `${step} ${LONG}`);
    await sleep(Math.random() * 20);
  }
  if (Math.random() < 0.5) await jobs.complete(job);
  else await jobs.fail(job);
}

/** Reruns a job until the time is over. @returns its last run */
async function rerun(id: string, over: AbortSignal): Promise<number> {
  await jobs.enqueue([id]);
  let run = 1;
  for (; !over.aborted; run++) {
    await jobs.queue.cancel(id);
    await jobs.queue.rerun(id, run);
    await sleep(Math.random() * 20);
  }
  await jobs.queue.cancel(id);
  return run;
}

/** Those who mean no good come and go. */
async function harass(over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const url = urls[Math.random() < 0.5 ? 0 : 1]!;
    const raw = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    const request = upgradeRequest('/ws');
    raw.write(request.slice(0, Math.ceil(Math.random() * request.length * 1.3)));
    const garbage = new TestClient(`${url}/ws`);
    await garbage.opened.catch(() => {});
    garbage.tcp?.write(Buffer.alloc(1000, 0xff));
    await sleep(Math.random() * 20);
    raw.resetAndDestroy();
    garbage.socket.terminate();
  }
}

/** Watches what is active, and reads nothing of it. */
async function listenDeafly(): Promise<TestClient> {
  const client = new TestClient(`${urls[0]}/ws`);
  await client.opened;
  client.send({ type: 'subscribe', id: 1, channel: 'active' });
  client.socket.pause();
  return client;
}

/** The runs of a job that a watcher has seen end, in their order. */
function runsSeen({ ends }: Watcher, id: string): number[] {
  return [...ends.keys()].flatMap((end) => (end.startsWith(`${id}/`) ? [Number(end.split('/').at(-1))] : []));
}

/** A crowd comes while jobs change and all else goes wrong, and goes when each has seen its jobs end. */
async function round(name: string, fault: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const ids = Array.from({ length: JOBS }, (_, i) => `${name} ${i}`);
  const again = `${name} again`;
  const claimed = await jobs.claimAll(ids);
  const living = [...claimed.map((job) => live(job, over.signal)), harass(over.signal)];
  const running = rerun(again, over.signal);
  const deaf = await Promise.all(Array.from({ length: DEAF }, listenDeafly));
  const crowd: Watcher[] = [];
  const joining = (async () => {
    for (let i = 0; i < CROWD; i++) {
      const named = [again, ids[i % JOBS]!, ids[(i + 7) % JOBS]!];
      crowd.push(new Watcher(urls, isDashboard(i) ? { channel: 'active' } : { jobs: named }, i));
      await sleep(5);
    }
  })();
  await sleep(CROWD);
  await fault();
  await joining;
  await sleep(GO_ON_MS);
  over.abort();
  await Promise.all(living);
  const lastRun = await running;
  /** A dashboard is left with nothing; whoever named jobs has seen the end of each. */
  const sawAll = (watcher: Watcher, i: number) =>
    isDashboard(i)
      ? watcher.snapshots > 0 && [again, ...ids].every((id) => !watcher.job(id))
      : watcher.ends.has(`${again}/${lastRun}`) &&
        [ids[i % JOBS]!, ids[(i + 7) % JOBS]!].every((id) => watcher.ends.has(`${id}/1`));
  await expect.poll(() => crowd.filter((watcher, i) => !sawAll(watcher, i)).length, GENEROUS).toBe(0);
  for (const [i, watcher] of crowd.entries()) {
    expect(watcher.faults).toEqual([]);
    expect([...watcher.ends].filter(([, times]) => times !== 1)).toEqual([]);
    const runs = runsSeen(watcher, again);
    // Who was neither cut off nor told that anything may be missed has missed none.
    if (watcher.closes.length === 0 && watcher.heard('stale') === 0)
      expect(runs).toEqual(runs.map((_, place) => lastRun - runs.length + 1 + place));
    watcher.end(i % 2 === 0);
  }
  for (const client of deaf) client.socket.terminate();
  for (const node of nodes) {
    await node.emptied();
    await expect.poll(() => node.metric('sluice_feed_watches'), GENEROUS).toBe(0);
  }
}

test('whatever fails under two nodes, every watcher sees each run end once, and nothing is left when all have gone', async () => {
  const heaps: number[] = [];
  for (const [name, fault] of Object.entries(FAULTS)) {
    await round(name, fault);
    heaps.push(await liveHeapMiB(nodes[0].printed));
  }
  // The first crowd finds code that was not compiled yet, and the like.
  expect(heaps.at(-1)! - heaps[1]!, heaps.map((heap) => heap.toFixed(1)).join(' ')).toBeLessThan(2);
});
