import { once } from 'node:events';
import { readdir, rename } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';

import { createKeys } from '../../../src/redis/keys.ts';
import { startTestRoles } from '../../helpers/servers/roles.ts';
import { useFolder, useRedis } from '../../helpers/servers/use.ts';

const redis = useRedis();
const folder = useFolder();
afterEach(async () => void (await redis.client.flushall()));

test.each([
  ['skip', ['queued', 'failed']],
  ['replace', []],
])('an upload with "%s" whose file does not last has published %j', async (how, expected) => {
  const store = join(folder, how);
  await using api = await startTestRoles(['api'], { REDIS_URL: redis.url, BLOB_STORE: store });
  const heard: string[] = [];
  const subscriber = redis.client.duplicate();
  subscriber.on('pmessage', (_pattern, _channel, message: string) => {
    heard.push(/"(queued|failed)"/.exec(message)?.[1] ?? message);
  });
  await subscriber.psubscribe(createKeys().allEvents);

  const client = request(`${api.url}/api/documents/upload`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  });
  const responded = once(client, 'response') as Promise<[IncomingMessage]>;
  client.write(`--b\r\ncontent-disposition: form-data; name="on_duplicate"\r\n\r\n${how}\r\n`);
  client.write('--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello');
  await expect.poll(() => readdir(join(store, 'default')).catch(() => [])).toHaveLength(2);
  await rename(join(store, 'default'), join(store, 'elsewhere'));
  client.end('\r\n--b--\r\n');

  const [response] = await responded;
  expect(await json(response)).toMatchObject({ code: 'storage_unavailable' });
  await subscriber.ping();
  expect(heard).toEqual(expected);
  expect(await redis.client.keys('job:*')).toEqual([]);
  subscriber.disconnect();
});
