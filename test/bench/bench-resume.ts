import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

import type { ServerMessage } from '../../src/contract/messages.ts';
import { JobQueue } from '../../src/jobs/transitions/job-queue.ts';
import type { JobPayload } from '../../src/jobs/model/job-payload.ts';
import { createKeys, DEFAULT_TENANT } from '../../src/redis/keys.ts';
import { respondsOverHttp } from '../helpers/servers/managed-process.ts';
import { startRedis, type TestRedis } from '../helpers/servers/redis.ts';
import { median, printTable } from './statistics.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const JOBS = 10_000;
const DASHBOARDS = 50;
const ROUNDS = 3;
/** Jobs that change while no dashboard is connected. */
const CHANGED = 100;
/** Pause between two tries of a dashboard to connect, in ms. */
const RETRY_MS = 50;

interface Cursor {
  epoch: string;
  offset: number;
}

interface Round {
  seconds: number;
  bytes: number;
  commands: number;
  jobs: number;
}

/**
 * Dashboards that come back after their gateway was killed, while many jobs are active: with the cursor that they have, beside the
 * same ones that begin anew. The time counts from the kill, so it includes the gateway's start.
 */
export async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-resume-'));
  const redis = await startRedis();
  const port = await freePort();
  try {
    const queue = new JobQueue(redis.client, createKeys(), {
      leaseMs: 30_000,
      maxRetries: 3,
      maxStalls: 10,
      ttlSeconds: 3600,
    });
    for (let at = 0; at < JOBS; at++) await enqueue(queue, at);
    const taken = { resumed: [] as Round[], anew: [] as Round[] };
    let changed = JOBS;
    for (let round = 0; round < ROUNDS; round++)
      for (const how of ['resumed', 'anew'] as const) {
        const first = await startGateway(redis, folder, port);
        const cursors = await Promise.all(
          Array.from({ length: DASHBOARDS }, async () => (await joined(port, undefined)).cursor),
        );
        first.kill('SIGKILL');
        await once(first, 'exit');
        const killed = performance.now();
        for (let more = 0; more < CHANGED; more++) await enqueue(queue, changed++);
        const before = await commandsOf(redis);
        const starting = startGateway(redis, folder, port);
        const back = await Promise.all(
          cursors.map((cursor) => joined(port, how === 'resumed' ? cursor : undefined)),
        );
        const seconds = (performance.now() - killed) / 1000;
        taken[how].push({
          seconds,
          bytes: sum(back.map(({ bytes }) => bytes)),
          commands: (await commandsOf(redis)) - before,
          jobs: sum(back.map(({ jobs }) => jobs)),
        });
        const second = await starting;
        second.kill('SIGKILL');
        await once(second, 'exit');
      }
    print(taken);
  } finally {
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function enqueue(queue: JobQueue, at: number): Promise<void> {
  const payload = { filename: `report-${at}.pdf`, collection: 'reports', file_key: `default/${at}` };
  await queue.enqueue(`job-${at}`, DEFAULT_TENANT, payload as JobPayload);
}

async function startGateway(redis: TestRedis, folder: string, port: number): Promise<ChildProcess> {
  const env = { ...process.env, PORT: String(port), DATA_DIR: folder, REDIS_URL: redis.url };
  const child = spawn(process.execPath, [MAIN, 'gateway'], { env, stdio: 'ignore' });
  while (!(await respondsOverHttp(`http://127.0.0.1:${port}/readyz`))) await sleep(RETRY_MS);
  return child;
}

/** Connects until it succeeds, and reads the channel of active jobs to the end of its snapshot. */
async function joined(
  port: number,
  since: Cursor | undefined,
): Promise<{ cursor: Cursor; bytes: number; jobs: number }> {
  for (;;) {
    const got = await tryToJoin(port, since).catch(() => undefined);
    if (got) return got;
    await sleep(RETRY_MS);
  }
}

async function tryToJoin(port: number, since: Cursor | undefined) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'sluice.v2');
  const { promise, resolve, reject } = Promise.withResolvers<{
    cursor: Cursor;
    bytes: number;
    jobs: number;
  }>();
  let [epoch, bytes, jobs] = ['', 0, 0];
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the connection broke')));
  socket.on('message', (data: Buffer) => {
    bytes += data.length;
    const message = JSON.parse(data.toString()) as ServerMessage;
    if (message.type === 'welcome') {
      ({ epoch } = message);
      socket.send(JSON.stringify({ type: 'subscribe', id: 1, channel: 'active', ...(since && { since }) }));
    } else if (message.type === 'snapshot') {
      jobs += message.jobs.length;
      if (!message.more) resolve({ cursor: { epoch, offset: message.offset }, bytes, jobs });
    }
  });
  return promise.finally(() => socket.terminate());
}

/** Number of commands that Redis has processed, those inside scripts too. */
async function commandsOf({ client }: TestRedis): Promise<number> {
  const stats = await client.info('commandstats');
  return sum([...stats.matchAll(/calls=(\d+)/g)].map(([, calls]) => Number(calls)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

function print(taken: Record<'resumed' | 'anew', readonly Round[]>): void {
  const of = (how: keyof typeof taken, what: keyof Round) => median(taken[how].map((round) => round[what]));
  const row = (name: string, what: keyof Round, show: (value: number) => string) => [
    name,
    show(of('resumed', what)),
    show(of('anew', what)),
    (of('resumed', what) / of('anew', what)).toFixed(3),
  ];
  printTable([
    [`${JOBS} active jobs, ${DASHBOARDS} dashboards`, 'with their cursor', 'anew', 'ratio'],
    row('from the kill until all are back', 'seconds', (value) => `${value.toFixed(2)} s`),
    row('sent to all', 'bytes', (value) => `${(value / 2 ** 20).toFixed(2)} MiB`),
    row('states sent to all', 'jobs', (value) => value.toFixed(0)),
    row("Redis' commands", 'commands', (value) => value.toFixed(0)),
  ]);
  console.log(
    `\nMedians of ${ROUNDS} rounds. ${CHANGED} jobs come while nobody is connected. The times include the gateway's start.`,
  );
}
