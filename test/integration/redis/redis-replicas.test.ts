import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';

import { UploadConnection } from '../../../src/uploads/upload-connection.ts';
import { replicate } from '../../helpers/servers/redis.ts';
import { use, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';

const master = useRedis();
const replica = useRedis();
/** Between the two. */
const link = use(() => TcpProxy.start(0, master.port));
beforeAll(() => replicate(replica, master, link.port));
const api = useRoles(['api'], () => ({ REDIS_URL: master.url }));

/** Counts the waits for a replica. */
const waits = async () =>
  Number(/cmdstat_wait:calls=(\d+)/.exec(await master.client.info('commandstats'))?.[1] ?? 0);
const uploads = (count: number) =>
  Promise.all(Array.from({ length: count }, async () => expectAccepted(await upload(api.url))));

test('an upload is acknowledged once a replica has its job', async () => {
  link.latencyMs = 100;
  const id = await expectAccepted(await upload(api.url));
  expect(await replica.client.hget(`job:${id}`, 'status')).toBe('queued');
  link.latencyMs = 0;
  expect(api.logger.lines).toEqual([]);
});

test('a replica that does not answer makes uploads late for a moment, and refuses none', async () => {
  process.kill(replica.pid(), 'SIGSTOP');
  const first = uploads(10);
  await expect.poll(() => master.client.info('clients')).toMatch(/blocked_clients:[1-9]/);
  const ids = await Promise.all([first, uploads(10)]);
  expect(api.logger.lines.join()).toContain('no replica of Redis has confirmed');
  // Once it has been silent for seconds nobody waits for it any more, until it is back.
  await sleep(2000);
  const before = await waits();
  await uploads(5);
  expect(await waits()).toBe(before);
  process.kill(replica.pid(), 'SIGCONT');
  const last = ids.flat().at(-1);
  await expect.poll(() => replica.client.exists(`job:${last}`)).toBe(1);
  expect(await master.client.llen('queue:document_upload')).toBe(26);
});

test('many that wait for a silent replica block the connection no longer than one', async () => {
  process.kill(replica.pid(), 'SIGSTOP');
  const connection = new UploadConnection(master.client, api.logger);
  await master.client.set('anything', 'new');
  const before = await waits();
  await Promise.all(Array.from({ length: 20 }, () => connection.confirm()));
  await master.client.ping();
  expect((await waits()) - before).toBeLessThanOrEqual(2);
  process.kill(replica.pid(), 'SIGCONT');
});

test('a replica that is gone is not waited for', async () => {
  await replica.kill();
  await expect.poll(() => master.client.info('replication')).toMatch(/connected_slaves:0/);
  const before = await waits();
  await uploads(5);
  expect(await waits()).toBe(before);
});
