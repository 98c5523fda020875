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
 * handler that writes and flushes the same body, and a durable one that also flushes a manifest and the folder, and
 * writes the job to Redis. In turn, so that the machine's moods hit all.
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
  const bare = spawnServer('bare-upload-server.ts', folder);
  const durable = spawnServer('durable-upload-server.ts', folder, redis.url);
  try {
    const sluicePort = await new Promise<number>((resolve) =>
      sluice.once('message', (message) => resolve((message as { port: number }).port)),
    );
    const ports = [sluicePort, await portOf(bare), await portOf(durable)];
    const rows = [
      [
        'file',
        'rounds',
        'Sluice p50',
        'p99',
        'bare p50',
        'p99',
        'durable p50',
        'p99',
        'Sluice/bare',
        'Sluice/durable',
      ],
    ];
    for (const [name, bytes, rounds] of SIZES) {
      const took = ports.map((): number[] => []);
      for (let round = -2; round < rounds; round++)
        for (const [side, port] of ports.entries()) {
          const ms = await acknowledged(port, bytes);
          if (round >= 0) took[side]?.push(ms);
        }
      const figures = took.flatMap((times) =>
        [median(times), percentile(times, 0.99)].map((ms) => `${ms.toFixed(2)} ms`),
      );
      const [ours = NaN, ...theirs] = took.map(median);
      rows.push([name, String(rounds), ...figures, ...theirs.map((ms) => (ours / ms).toFixed(2))]);
    }
    printTable(rows);
  } finally {
    await Promise.all([sluice, bare, durable].map(ended));
    await redis.close();
    processor.close();
    processor.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  }
}

function spawnServer(file: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'ack', file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** @returns the port that a server has printed */
async function portOf({ stdout }: ChildProcess): Promise<number> {
  const [line] = (await once(stdout!, 'data')) as [Buffer];
  return Number(new URL(line.toString()).port);
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
