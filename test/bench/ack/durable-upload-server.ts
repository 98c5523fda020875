import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/**
 * The least that an upload can cost if neither its bytes, its description nor its job may be lost: two files of one
 * folder, which it flushes with the folder, while Redis writes the documented keys. It parses no form and checks nothing.
 * Arguments: the folder, and the URL of Redis.
 */
const [folder = '/tmp', url = ''] = process.argv.slice(2);
const redis = new Redis(url);
const directory = await open(folder, 'r');
const server = createServer((request, response) => {
  const store = async () => {
    const id = randomUUID();
    const path = join(folder, id);
    const opening = Promise.all([open(path, 'wx'), open(`${path}.json`, 'wx')]);
    const [file, beside] = await opening;
    for await (const bytes of request) await file.writeFile(bytes as Buffer);
    const job = {
      id,
      type: 'document_upload',
      status: 'queued',
      progress: 0,
      message: 'Waiting for worker...',
    };
    await beside.writeFile(JSON.stringify(job));
    await Promise.all([
      file.sync(),
      beside.sync(),
      directory.sync(),
      redis.multi().hset(`job:${id}`, job).sadd('jobs:active', id).lpush('queue:document_upload', id).exec(),
    ]);
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ job_id: id }));
    await Promise.all([file.close(), beside.close()]);
  };
  void store();
});
server.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
