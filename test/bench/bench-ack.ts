import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startRedis } from '../helpers/servers/redis.ts';
import { median, percentile, printTable } from './statistics.ts';

const SIZES: [name: string, bytes: number, rounds: number][] = [
  ['10 KB', 10_000, 200],
  ['1 MB', 1_000_000, 60],
  ['100 MB', 100_000_000, 9],
];

/**
 * How long an upload's acknowledgement takes, measured from the moment its last byte was handed to the
 * kernel: Sluice (multipart, hash, blob, manifest, both flushed, job queued in a real Redis) beside a bare
 * handler that writes and flushes the same body. In turn, so that the machine's moods hit both.
 */
export async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-ack-'));
  const redis = await startRedis();
  // With a known model each upload reads the models of its collection.
  const health = JSON.stringify({ status: 'ok', children: 1, model: 'm', dimensions: 4 });
  const processor = createServer((_, response) => response.end(health)).listen(0, '127.0.0.1');
  await once(processor, 'listening');
  const env = {
    ...process.env,
    PORT: '0',
    DATA_DIR: folder,
    REDIS_URL: redis.url,
    CHROMA_URL: 'http://127.0.0.1:9',
    KEYWORDS_URL: 'http://127.0.0.1:9',
    PROCESSOR_URL: `http://127.0.0.1:${(processor.address() as AddressInfo).port}`,
  };
  const root = join(import.meta.dirname, '../..');
  const sluice = spawn(process.execPath, [join(root, 'src/main.ts'), 'api'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const bare = spawn(process.execPath, [join(import.meta.dirname, 'ack/bare-upload-server.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const sluicePort = await new Promise<number>((resolve) =>
      sluice.once('message', (message) => resolve((message as { port: number }).port)),
    );
    const barePort = await new Promise<number>((resolve) =>
      bare.stdout.once('data', (line: Buffer) => resolve(Number(new URL(line.toString()).port))),
    );
    const rows = [['file', 'rounds', 'Sluice p50', 'p99', 'bare p50', 'p99', 'ratio of p50']];
    for (const [name, bytes, rounds] of SIZES) {
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = -2; round < rounds; round++) {
        const a = await acknowledged(sluicePort, bytes);
        const b = await acknowledged(barePort, bytes);
        if (round >= 0) {
          ours.push(a);
          theirs.push(b);
        }
      }
      const ms = (value: number) => `${value.toFixed(2)} ms`;
      const ratio = (median(ours) / median(theirs)).toFixed(2);
      rows.push([
        name,
        String(rounds),
        ms(median(ours)),
        ms(percentile(ours, 0.99)),
        ms(median(theirs)),
        ms(percentile(theirs, 0.99)),
        ratio,
      ]);
    }
    printTable(rows);
  } finally {
    await Promise.all([ended(sluice), ended(bare)]);
    await redis.close();
    processor.close();
    processor.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  }
}

const BOUNDARY = 'bench-boundary';
const HEAD = Buffer.from(
  // Equal uploads would cost less, because they make no job for a worker.
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="on_duplicate"\r\n\r\nkeep\r\n` +
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bench.txt"\r\nContent-Type: text/plain\r\n\r\n`,
);
const TAIL = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);

/** Uploads over a connection of its own. @returns milliseconds from the last byte sent to the response */
async function acknowledged(port: number, bytes: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await new Promise((resolve) => socket.once('connect', resolve));
  const response = new Promise<string>((resolve, reject) => {
    socket.once('data', (data: Buffer) => resolve(data.toString()));
    socket.once('error', reject);
  });
  const send = (data: Buffer) => new Promise<void>((resolve) => socket.write(data, () => resolve()));
  const length = HEAD.length + bytes + TAIL.length;
  await send(
    Buffer.from(
      `POST /api/documents/upload HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${length}\r\n` +
        `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\n\r\n`,
    ),
  );
  await send(HEAD);
  const block = Buffer.alloc(1_000_000, 'text ');
  for (let left = bytes; left > 0; left -= block.length)
    await send(block.subarray(0, Math.min(left, block.length)));
  await send(TAIL);
  const sent = performance.now();
  const head = await response;
  const took = performance.now() - sent;
  socket.destroy();
  if (!head.startsWith('HTTP/1.1 202')) throw new Error(`not acknowledged: ${head.slice(0, 200)}`);
  return took;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
