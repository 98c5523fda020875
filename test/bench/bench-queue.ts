import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startRedis, type TestRedis } from '../helpers/servers/redis.ts';
import { Remote } from './queue/remote.ts';
import { readUsage } from './queue/usage.ts';
import { CONCURRENCY, type Reporting } from './queue/workload.ts';
import { median, percentile, printTable } from './statistics.ts';

const ROUNDS = 5;
const JOBS = 5000;
const SINGLE_JOBS = 200;
const SINGLE_PAUSE_MS = 10;
/** Time in ms in which an api makes the blob store. */
const STORE_MADE_MS = 2000;
const IDLE_MS = 10_000;
const REPORTINGS: readonly Reporting[] = ['awaited', 'at once'];

/**
 * The queue alone: jobs that do nothing but report progress six times, beside BullMQ doing the same on the
 * same Redis (append-only file on). A third side writes the documented keys alone, and keeps none of the guarantees.
 * Each side is two processes, a web node (producer and listener) and a worker; the sides take turns, so that the
 * machine's moods hit all.
 */
export async function bench(): Promise<void> {
  if (!existsSync(join(import.meta.dirname, 'node_modules'))) {
    console.error('BullMQ is not installed. Run first: npm ci --prefix test/bench');
    process.exit(1);
  }
  const redis = await startRedis();
  // A rewrite of the append-only file would hit whichever side is at work just then.
  await redis.client.config('SET', 'auto-aof-rewrite-percentage', '0');
  const sluice = new SideUnderTest('sluice.ts', redis);
  const bullmq = new SideUnderTest('bullmq.mjs', redis);
  const documented = new SideUnderTest('documented.ts', redis);
  const sides = [sluice, bullmq, documented] as const;
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const reporting of REPORTINGS)
        for (const side of sides) await side.busyRound(reporting, round >= 0);
    }
    for (const side of sides) await side.singleJobs();
    const idle = [await idleSluiceWorker(redis), await bullmq.idleWorker(), await documented.idleWorker()];
    print(sides, idle);
  } finally {
    await Promise.all(sides.map((side) => side.close()));
    await redis.close();
  }
}

/** What one round took: jobs a second, and the rest a job. */
interface Busy {
  jobsPerSecond: number;
  commands: number;
  requests: number;
  trips: number;
  redisCpu: number;
  workerCpu: number;
  webCpu: number;
}

class SideUnderTest {
  readonly busy: Record<Reporting, Busy[]> = { awaited: [], 'at once': [] };
  readonly enqueue: number[] = [];
  readonly toStart: number[] = [];
  tripsAlone = NaN;
  readonly #redis: TestRedis;
  readonly #web: Remote;
  readonly #worker: Remote;

  constructor(file: string, redis: TestRedis) {
    const path = join(import.meta.dirname, 'queue', file);
    this.#redis = redis;
    this.#web = new Remote(path, ['web', redis.url]);
    this.#worker = new Remote(path, ['worker', redis.url]);
  }

  /** Fills the queue, one job after the other, then lets a worker empty it. */
  async busyRound(reporting: Reporting, counts: boolean): Promise<void> {
    await this.#redis.client.flushall();
    await this.#web.call('open');
    const empty = await this.#used();
    const enqueue = await this.#web.call<number[]>('fill', JOBS);
    await this.#worker.call('open', reporting);
    const full = await this.#used();
    const start = await this.#worker.call<number>('start');
    const end = await this.#web.call<number>('heard', JOBS);
    const done = await this.#used();
    await this.#worker.call('close');
    await this.#web.call('close');
    if (!counts) return;
    this.enqueue.push(...enqueue);
    this.busy[reporting].push({
      jobsPerSecond: JOBS / ((end - start) / 1000),
      commands: (done.commands - empty.commands) / JOBS,
      requests: (done.requests - empty.requests) / JOBS,
      trips: (done.reads - empty.reads) / JOBS,
      redisCpu: (done.cpu - full.cpu) / JOBS,
      workerCpu: (done.workerCpu - full.workerCpu) / JOBS,
      webCpu: (done.webCpu - full.webCpu) / JOBS,
    });
  }

  /** Gives a worker that has nothing to do one job at a time. */
  async singleJobs(): Promise<void> {
    await this.#redis.client.flushall();
    await this.#web.call('open');
    await this.#worker.call('open', 'at once');
    await this.#worker.call('start');
    const enqueued: { id: string; at: number }[] = [];
    let before = await readUsage(this.#redis.client);
    for (let i = -20; i < SINGLE_JOBS; i++) {
      await sleep(SINGLE_PAUSE_MS);
      if (i === 0) before = await readUsage(this.#redis.client);
      const job = await this.#web.call<{ id: string; at: number }>('one');
      if (i >= 0) enqueued.push(job);
    }
    const after = await readUsage(this.#redis.client);
    this.tripsAlone = (after.reads - before.reads) / SINGLE_JOBS;
    const starts = await this.#worker.call<Record<string, number>>('starts');
    for (const { id, at } of enqueued) this.toStart.push((starts[id] ?? NaN) - at);
    await this.#worker.call('close');
    await this.#web.call('close');
  }

  /** @returns the commands a second that a worker with nothing to do costs */
  async idleWorker(): Promise<number> {
    await this.#redis.client.flushall();
    await this.#worker.call('open', 'at once');
    await this.#worker.call('start');
    const commands = await idleCommands(this.#redis);
    await this.#worker.call('close');
    return commands;
  }

  async close(): Promise<void> {
    await Promise.all([this.#web.close(), this.#worker.close()]);
  }

  async #used() {
    const workerRequests = await this.#worker.call<number>('requests');
    const webRequests = await this.#web.call<number>('requests');
    return {
      ...(await readUsage(this.#redis.client)),
      requests: workerRequests + webRequests,
      workerCpu: await this.#worker.call<number>('cpu'),
      webCpu: await this.#web.call<number>('cpu'),
    };
  }
}

/**
 * Counts the commands of a whole worker, with its sweeps. {@link SideUnderTest} has only the parts that move jobs. An api
 * makes the blob store first, because a worker without one is not ready and does nothing.
 */
async function idleSluiceWorker(redis: TestRedis): Promise<number> {
  await redis.client.flushall();
  const folder = await mkdtemp(join(tmpdir(), 'bench-queue-'));
  const env = {
    ...process.env,
    PORT: '0',
    DATA_DIR: folder,
    REDIS_URL: redis.url,
    CHROMA_URL: 'http://127.0.0.1:9',
    PROCESSOR_URL: 'http://127.0.0.1:9',
    KEYWORDS_URL: 'http://127.0.0.1:9',
  };
  try {
    await withRole('api', env, () => sleep(STORE_MADE_MS));
    return await withRole('worker', env, () => idleCommands(redis));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a role for as long as `use` takes. */
async function withRole<T>(role: string, env: NodeJS.ProcessEnv, use: () => Promise<T>): Promise<T> {
  const main = join(import.meta.dirname, '../../src/main.ts');
  const running = spawn(process.execPath, [main, role], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const exit = new Promise((resolve) => running.once('exit', resolve));
  try {
    await new Promise((resolve, reject) => {
      running.once('message', resolve);
      running.once('exit', () => reject(new Error(`the ${role} ended`)));
    });
    return await use();
  } finally {
    running.kill('SIGKILL');
    await exit;
  }
}

async function idleCommands({ client }: TestRedis): Promise<number> {
  await sleep(1000);
  const before = await readUsage(client);
  await sleep(IDLE_MS);
  const after = await readUsage(client);
  return (after.commands - before.commands) / (IDLE_MS / 1000);
}

function print(sides: readonly SideUnderTest[], idle: number[]): void {
  const rows = [['', 'Sluice', 'BullMQ', 'keys alone', 'Sluice/BullMQ', 'Sluice/keys']];
  const row = (name: string, values: number[], unit = '', digits = 1) => {
    const [sluice = NaN, bullmq = NaN, documented = NaN] = values;
    const ratios = [sluice / bullmq, sluice / documented].map((ratio) => ratio.toFixed(2));
    rows.push([name, ...values.map((value) => `${value.toFixed(digits)}${unit}`), ...ratios]);
  };
  for (const reporting of REPORTINGS) {
    const busy = (name: string, key: keyof Busy, unit = '', digits = 1) => {
      const of = (side: SideUnderTest) => median(side.busy[reporting].map((round) => round[key]));
      row(`${name}, reports ${reporting}`, sides.map(of), unit, digits);
    };
    busy('jobs/s', 'jobsPerSecond', '', 0);
    busy('Redis commands a job', 'commands');
    busy('requests a job', 'requests');
    busy('round trips a job', 'trips');
    busy('CPU a job: Redis', 'redisCpu', ' µs', 0);
    busy('worker', 'workerCpu', ' µs', 0);
    busy('listener', 'webCpu', ' µs', 0);
  }
  const all = (name: string, of: (side: SideUnderTest) => number, unit = '', digits = 1) =>
    row(name, sides.map(of), unit, digits);
  all('round trips a job, alone', (side) => side.tripsAlone);
  all('enqueue p50', ({ enqueue }) => median(enqueue), ' ms', 2);
  all('enqueue p99', ({ enqueue }) => percentile(enqueue, 0.99), ' ms', 2);
  all('enqueue → start p50', ({ toStart }) => median(toStart), ' ms', 2);
  all('enqueue → start p99', ({ toStart }) => percentile(toStart, 0.99), ' ms', 2);
  row('idle worker, commands/s', idle, '', 2);
  printTable(rows);
  console.log(`
${JOBS} jobs a round, ${CONCURRENCY} at once, six reports each, all heard by the listener; medians of ${ROUNDS} rounds in turn.
Reports awaited: a job's code makes a report once the one before it is written. At once: it waits for the last, as
Sluice's pipeline does.
jobs/s: a queue filled beforehand, from the worker's start until the listener has heard of the last completion.
Commands: all that Redis executed for producer, worker and listener, inside scripts too. Requests: commands that the
clients sent. Round trips: reads from client sockets that Redis made; while busy, requests that arrive together share
one, so "alone" has one job at a time. CPU: without enqueueing. Enqueueing: one after the other, no worker.
Start: from the call of enqueue to the job's first line, on a worker with nothing to do, ${SINGLE_JOBS} jobs.
Keys alone: the documented hash, list and set, and an event a change, without leases, fences, retries or lanes.
Idle: the whole worker role, with its sweeps, over ${IDLE_MS / 1000} s.`);
}
