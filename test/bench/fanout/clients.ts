import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

import { serve } from '../queue/remote.ts';
import { percentile } from '../statistics.ts';
import { Connection } from './connection.ts';
import type { Truth } from './publisher.ts';
import { jobId, loadSide } from './side.ts';
import { nowMicros, SEEN } from './stamp.ts';
import { Views } from './views.ts';

/** The process of all clients: `node clients.ts SIDE REDIS_URL`. */

/** So many connect at once, with a pause between: a node takes some thousand new sessions a second. */
const SLICE = 90;
const PAUSE_MS = 100;
const POLL_MS = 2000;

export interface Watch {
  port: number;
  clients: number;
  jobs: number;
  /** What each watches: all jobs, or one of them, in turns. */
  what: 'active' | 'one';
}

/** What clients have received since they were told to count. */
export interface Heard {
  deliveries: number;
  seconds: number;
  /** From the publication of a state to those that watch its job alone, in milliseconds. */
  p50: number;
  p99: number;
  /** The processor time of this process, in microseconds. */
  cpu: number;
}

const [name = '', redisUrl = ''] = process.argv.slice(2);
const side = await loadSide(name);
const redis = new Redis(redisUrl);
let views = new Views();
const connections: Connection[] = [];
const seenBy: number[] = [];
let deliveries = 0;
let latencies: number[] = [];
let startedAt = 0;
let cpuBefore = process.cpuUsage();

/** @param read sees all that comes in */
function client({ port, jobs, what }: Watch, index: number, read?: (bytes: Buffer) => void): Connection {
  const alone = what === 'one';
  const first = views.add(alone ? [index % jobs] : Array.from({ length: jobs }, (_, job) => job));
  const found = (job: number, state: number, at: number) => {
    deliveries++;
    const before = views.saw(alone ? first : first + job, state);
    if (!alone) return;
    latencies.push((nowMicros() - at) / 1000);
    if (jobs === 1) tellSeen(before, state);
  };
  const connection = new Connection(port, found, read);
  connections.push(connection);
  return connection;
}

/** Says so when a client was the last to see states; one that was spared some has seen them, too. */
function tellSeen(before: number, state: number): void {
  for (let seen = before + 1; seen <= state; seen++) {
    const count = (seenBy[seen] ?? 0) + 1;
    seenBy[seen] = count;
    if (count === connections.length) void redis.publish(SEEN, String(seen));
  }
}

serve({
  async watch(watch: Watch) {
    const open = async (index: number) => {
      const greeting = side.greeting(watch.what === 'one' ? jobId(index % watch.jobs) : undefined);
      await client(watch, index).open(side.path, greeting);
    };
    for (let from = 0; from < watch.clients; from += SLICE) {
      const slice = Array.from({ length: Math.min(SLICE, watch.clients - from) }, (_, i) => open(from + i));
      await Promise.all([...slice, sleep(PAUSE_MS)]);
    }
  },

  /** Opens clients that poll as the documented one does: every 2 seconds, with the tag of what they have. */
  async poll(watch: Watch) {
    for (let index = 0; index < watch.clients; index++) {
      let tag = '';
      const { socket } = client(watch, index, (bytes) => {
        tag = /^etag: (\S+)/im.exec(bytes.toString('latin1', 0, 1024))?.[1] ?? tag;
      });
      const head = `GET /api/jobs/${jobId(index % watch.jobs)} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
      const ask = () => void socket.write(`${head}If-None-Match: ${tag}\r\n\r\n`);
      const poll = () => {
        ask();
        const timer = setInterval(ask, POLL_MS);
        socket.once('close', () => clearInterval(timer));
      };
      setTimeout(poll, (index / watch.clients) * POLL_MS);
    }
    // Until each has polled.
    await sleep(1.5 * POLL_MS);
  },

  /** Lets the last client stop reading: what it is sent stays in the sockets. */
  async stall() {
    connections.at(-1)?.socket.pause();
  },

  /** Cuts the last client. */
  async cut() {
    connections.pop()?.socket.destroy();
  },

  /** Cuts all clients, and forgets what they have seen. */
  async cutAll() {
    for (const { socket } of connections.splice(0)) socket.destroy();
    views = new Views();
  },

  async start() {
    deliveries = 0;
    latencies = [];
    views.startSampling(nowMicros);
    startedAt = performance.now();
    cpuBefore = process.cpuUsage();
  },

  async stop(): Promise<Heard> {
    views.stopSampling();
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
    return { deliveries, seconds, p50, p99, cpu: user + system };
  },

  async lag(truth: Truth) {
    return views.lag(truth);
  },
});
