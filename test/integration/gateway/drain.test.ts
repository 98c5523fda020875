import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';

import { CLOSE } from '../../../src/contract/messages.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { upgradeRequest } from '../../helpers/clients/raw-upgrade.ts';
import { FOR_EACH, use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { Watcher } from '../../helpers/clients/watcher.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const SESSIONS = 200;
/** Wait between two changes of all jobs. At a tenth of it, a busy machine sends for a minute what it should drain. */
const CHANGE_MS = 250;
let crowd: Watcher[] = [];

const redis = useRedis();
const leaving = use(() => GatewayNode.start(redis.url), FOR_EACH);
const staying = use(() => GatewayNode.start(redis.url), FOR_EACH);
const jobs = new TestJobs(redis);

afterEach(() => {
  for (const watcher of crowd) watcher.end();
  crowd = [];
});

test('a node that is told to stop sends its sessions to another, each in its time, and none loses an update', async () => {
  const ids = Array.from({ length: 40 }, (_, i) => `job-${i}`);
  const claimed = await jobs.claimAll(ids);
  crowd = Array.from({ length: SESSIONS }, (_, i) => {
    const interest =
      i % 25 === 0 ? { channel: 'active' as const } : { jobs: [ids[i % 40]!, ids[(i + 9) % 40]!] };
    return new Watcher([leaving.url, staying.url], interest);
  });
  await expect.poll(() => crowd.every(({ snapshots }) => snapshots === 1)).toBe(true);
  let drained = false;
  const changing = (async () => {
    for (let round = 1; !drained; round++) {
      await Promise.all(claimed.map((job) => jobs.step(job, 60 + Math.min(19, round / 4))));
      await sleep(CHANGE_MS);
    }
    await Promise.all(claimed.map((job) => jobs.complete(job)));
  })();
  leaving.signal('SIGTERM');
  await expect
    .poll(async () => (await fetch(`${leaving.url}/readyz`).catch(() => undefined))?.status)
    .toBe(503);
  const refused = new TestClient(`${leaving.url}/ws`);
  await expect(refused.opened).rejects.toThrow(/503|ECONNREFUSED|ECONNRESET/);
  expect(await leaving.exited).toBe(0);
  drained = true;
  await changing;
  await expect
    .poll(() => crowd.filter((watcher, i) => watcher.ends.size !== (i % 25 === 0 ? 40 : 2)).length)
    .toBe(0);
  for (const watcher of crowd) {
    expect(watcher.faults).toEqual([]);
    expect([...watcher.ends.values()].every((times) => times === 1)).toBe(true);
    expect(watcher.closes).toEqual([CLOSE.drain]);
  }
  const delays = crowd.flatMap(({ said }) =>
    said.flatMap((m) => (m.type === 'reconnect' ? [m.after_ms] : [])),
  );
  expect(delays).toHaveLength(SESSIONS);
  expect(new Set(delays).size).toBeGreaterThan(SESSIONS / 4);
  // No longer than a lone gateway needs to be back and to admit all.
  expect(Math.max(...delays)).toBeLessThanOrEqual(1000);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(500);
});

test('neither garbage, nor a client that stays, nor a refused one keeps a node from stopping well', async () => {
  const stubborn = connect({ port: leaving.port, host: '127.0.0.1', allowHalfOpen: true });
  stubborn.on('error', () => {});
  stubborn.write(upgradeRequest('/elsewhere'));
  stubborn.resume();
  await once(stubborn, 'end');
  const [silent, broken] = [new TestClient(`${leaving.url}/ws`), new TestClient(`${leaving.url}/ws`)];
  await Promise.all([silent.opened, broken.opened]);
  // Answers no close frame.
  silent.socket.pause();
  const { _receiver: receiver } = broken.socket as unknown as { _receiver: NodeJS.EventEmitter };
  receiver.removeAllListeners('conclude');
  leaving.signal('SIGTERM');
  await expect.poll(() => broken.of('reconnect').length).toBe(1);
  broken.tcp.write(Buffer.alloc(20, 0xff));
  expect(await Promise.race([leaving.exited, sleep(5000, 'it did not stop')])).toBe(0);
  stubborn.destroy();
});
