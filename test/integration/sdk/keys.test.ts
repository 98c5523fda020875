import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Sluice } from '../../../client/sdk/sluice.ts';
import type { Ticket } from '../../../src/contract/messages.ts';
import { bearer, makeKey } from '../../helpers/clients/api-keys.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { useFolder, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const KEPT = makeKey('kept', ['admin']);

const folder = useFolder();
const keyFile = join(folder, 'keys.json');
const writeKeys = (...keys: { entry: unknown }[]) =>
  writeFile(keyFile, JSON.stringify(keys.map(({ entry }) => entry)));
beforeAll(() => writeKeys(KEPT));
const redis = useRedis();
const node = useRoles(['api', 'gateway'], () => ({ REDIS_URL: redis.url, API_KEYS: keyFile }));
const jobs = new TestJobs(redis);
beforeAll(() => untilReady(node.url));

/** Addresses of all WebSockets of this process, and what they have sent. */
let addresses: string[] = [];
let sent: string[] = [];
const Platform = globalThis.WebSocket;
beforeAll(() => {
  globalThis.WebSocket = class extends Platform {
    constructor(...target: ConstructorParameters<typeof Platform>) {
      super(...target);
      addresses.push(String(target[0]));
    }
    override send(data: string): void {
      sent.push(data);
      super.send(data);
    }
  };
});
afterAll(() => void (globalThis.WebSocket = Platform));
beforeEach(() => {
  addresses = [];
  sent = [];
});

let sluice: Sluice;
afterEach(() => sluice.close());

/** Makes the server accept only these keys from now on. */
async function allow(...keys: { entry: unknown }[]): Promise<void> {
  await writeKeys(KEPT, ...keys);
  node.reload();
}

describe('tickets', () => {
  const getTicket = async () => {
    const response = await fetch(`${node.url}/api/ws-ticket`, {
      method: 'POST',
      headers: bearer(KEPT.token),
    });
    return ((await response.json()) as Ticket).ticket;
  };

  test('keep the key from the WebSocket', async () => {
    await jobs.enqueue(['by ticket']);
    sluice = new Sluice({ url: node.url, key: KEPT.token, getTicket });
    const { done } = sluice.watch('by ticket');
    await eventually(() => sluice.link.state === 'live');
    await jobs.queue.cancel('by ticket');
    expect((await done).status).toBe('failed');
    expect(addresses).toHaveLength(1);
    expect(addresses[0]).toContain('/ws?ticket=');
    expect([...addresses, ...sent].join('\n')).not.toContain(KEPT.token);
    expect(sent.map((text) => (JSON.parse(text) as { type: string }).type)).not.toContain('auth');
  });

  test('suffice for a client without a key to watch', async () => {
    await jobs.enqueue(['without key']);
    sluice = new Sluice({ url: node.url, getTicket });
    const { done } = sluice.watch('without key');
    await eventually(() => sluice.link.state === 'live');
    await jobs.queue.cancel('without key');
    expect((await done).status).toBe('failed');
    expect(sluice.link.problem).toBeUndefined();
  });

  test('are fetched again for each connection', async () => {
    sluice = new Sluice({ url: node.url, key: KEPT.token, getTicket });
    sluice.connect();
    await eventually(() => sluice.link.state === 'live');
    sluice.close();
    sluice.connect();
    await eventually(() => sluice.link.state === 'live');
    expect(new Set(addresses).size).toBe(2);
  });
});

describe('a key that the server refuses', () => {
  test('is replaced on the open line, on uploads and on calls, with one question', async () => {
    const former = makeKey('client', ['admin']);
    const next = makeKey('client', ['admin']);
    await allow(former);
    await jobs.enqueue(['renewed']);
    const asked: boolean[] = [];
    let key = former.token;
    sluice = new Sluice({
      url: node.url,
      getKey: async (refused) => {
        asked.push(refused);
        return key;
      },
    });
    const { done } = sluice.watch('renewed');
    await eventually(() => sluice.link.state === 'live');
    expect(asked).toEqual([false]);
    key = next.token;
    await allow(next);
    const uploads = [1, 2].map((i) => sluice.upload(new File([`text ${i}`], `${i}.txt`)));
    const [stats] = await Promise.all([sluice.stats(), ...uploads.map(({ accepted }) => accepted)]);
    expect(stats.in_flight).toBe(0);
    await eventually(() => addresses.length === 2 && sluice.link.state === 'live');
    await jobs.queue.cancel('renewed');
    expect((await done).status).toBe('failed');
    expect(asked).toEqual([false, true]);
    const auths = sent.filter((text) => text.includes('"auth"'));
    expect(auths.map((text) => (JSON.parse(text) as { token: string }).token)).toEqual([
      former.token,
      next.token,
    ]);
  });

  test('and that has no other stops the client, which says so', async () => {
    const former = makeKey('client', ['admin']);
    await allow(former);
    sluice = new Sluice({ url: node.url, key: former.token });
    sluice.connect();
    await eventually(() => sluice.link.state === 'live');
    await allow();
    await eventually(() => sluice.link.problem);
    expect([sluice.link.state, sluice.link.problem?.code]).toEqual(['offline', 'unauthorized']);
    await expect(sluice.upload(new File(['text'], 'a.txt')).accepted).rejects.toMatchObject({ status: 401 });
  });
});

test('a key that expires soon is replaced on the open line, which stays open', async () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const former = makeKey('client', ['admin'], inSeconds(50));
  const next = makeKey('next', ['admin']);
  await allow(former, next);
  const asked: boolean[] = [];
  sluice = new Sluice({
    url: node.url,
    key: former.token,
    getKey: (refused) => {
      asked.push(refused);
      return next.token;
    },
  });
  sluice.connect();
  const authorizations = () => sent.filter((text) => text.includes('"auth"'));
  await eventually(() => authorizations().length === 2);
  expect(authorizations()[1]).toContain(next.token);
  expect(asked).toEqual([false]);
  expect(addresses).toHaveLength(1);
  await allow(next);
  await jobs.enqueue(['expiring']);
  const { done } = sluice.watch('expiring');
  await jobs.queue.cancel('expiring');
  expect((await done).status).toBe('failed');
  expect(addresses).toHaveLength(1);
});
