import { mkdtempSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The least that an upload can cost: the body goes to a file as it comes, is flushed, and is answered. */
const folder = mkdtempSync(join(process.argv[2] ?? '/tmp', 'bare-'));
let count = 0;
const server = createServer((request, response) => {
  const store = async () => {
    const file = await open(join(folder, String(count++)), 'wx');
    for await (const bytes of request) await file.writeFile(bytes as Buffer);
    await file.sync();
    await file.close();
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"stored"}');
  };
  void store();
});
server.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
