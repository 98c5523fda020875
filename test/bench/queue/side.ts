import { Redis } from 'ioredis';

import { serve } from './remote.ts';
import { CONCURRENCY, REPORTS, type Reporting } from './workload.ts';

/** What a queue is made to do; both sides do the same. */
export interface Side {
  /**
   * Opens what a web node has: a producer, and a listener that hears every job's progress and end.
   * @param heard called for each report and with each id that the listener hears is completed
   */
  openWeb(url: string, heard: { progress: () => void; completed: (id: string) => void }): Promise<Web>;
  /**
   * Opens a worker, which claims nothing before `start`.
   * @param started called with each id as the job's own code starts
   */
  openWorker(
    url: string,
    concurrency: number,
    reporting: Reporting,
    started: (id: string) => void,
  ): Promise<Worker>;
}

export interface Web {
  /** @returns the job's id */
  enqueue(): Promise<string>;
  close(): Promise<void>;
}

export interface Worker {
  start(): void;
  close(): Promise<void>;
}

/** A moment that the processes of one machine agree on, in milliseconds. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Runs one of a side's two processes: `node SIDE web|worker REDIS_URL`. */
export function serveSide(side: Side): void {
  const [role, url = ''] = process.argv.slice(2);
  const common = {
    /** @returns how many commands it has sent */
    requests: countRequests(),
    /** @returns the processor time it has used, in microseconds */
    cpu: async () => process.cpuUsage().user + process.cpuUsage().system,
  };
  serve(role === 'web' ? { ...webCalls(side, url), ...common } : { ...workerCalls(side, url), ...common });
}

function webCalls(side: Side, url: string) {
  let web: Web;
  let heard = new Set<string>();
  let reports = 0;
  let waiting: { until: () => boolean; resolve: (at: number) => void } | undefined;
  const heardWhen = (until: () => boolean) =>
    new Promise<number>((resolve) => {
      if (until()) resolve(now());
      else waiting = { until, resolve };
    });
  return {
    async open() {
      heard = new Set();
      reports = 0;
      const progress = () => reports++;
      const completed = (id: string) => {
        heard.add(id);
        if (waiting?.until()) {
          waiting.resolve(now());
          waiting = undefined;
        }
      };
      web = await side.openWeb(url, { progress, completed });
    },
    /** Enqueues jobs one after the other. @returns how long each took */
    async fill(count: number) {
      const took: number[] = [];
      for (let i = 0; i < count; i++) {
        const before = performance.now();
        await web.enqueue();
        took.push(performance.now() - before);
      }
      return took;
    },
    /**
     * @returns when the listener had heard of so many completed jobs
     * @throws when it has missed any of their reports
     */
    async heard(count: number) {
      const at = await heardWhen(() => heard.size >= count);
      const all = count * REPORTS.length;
      if (reports !== all) throw new Error(`the listener has heard ${reports} of ${all} reports`);
      return at;
    },
    /** Enqueues one job and waits until it is heard completed. */
    async one() {
      const at = now();
      const id = await web.enqueue();
      await heardWhen(() => heard.has(id));
      return { id, at };
    },
    async close() {
      await web.close();
    },
  };
}

function workerCalls(side: Side, url: string) {
  let worker: Worker;
  let starts = new Map<string, number>();
  return {
    async open(reporting: Reporting) {
      starts = new Map();
      worker = await side.openWorker(url, CONCURRENCY, reporting, (id) => starts.set(id, now()));
    },
    /** @returns when it started */
    async start() {
      const at = now();
      worker.start();
      return at;
    },
    /** @returns when each job started, by id */
    async starts() {
      return Object.fromEntries(starts);
    },
    async close() {
      await worker.close();
    },
  };
}

/** Counts what this process asks of Redis; both sides use the same client library. */
function countRequests(): () => Promise<number> {
  let count = 0;
  const proto = Redis.prototype;
  const send = Reflect.get(proto, 'sendCommand') as (this: Redis, ...args: unknown[]) => unknown;
  Reflect.set(proto, 'sendCommand', function counted(this: Redis, ...args: unknown[]) {
    count++;
    return send.apply(this, args);
  });
  return async () => count;
}
