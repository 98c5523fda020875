import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

import { serveSide } from './side.ts';
import { PAYLOAD, REPORTS } from './workload.ts';

/**
 * The documented keys and nothing else: a hash a job, the list, the set of active jobs, and one event a change. It has no
 * lease, no fence, no retry and no transaction, so a killed worker loses its jobs. It shows what Redis must do for
 * the keys alone.
 */

const QUEUE = 'queue:document_upload';
const ACTIVE = 'jobs:active';
const EVENTS = 'events';
/** Sends what one turn of the event loop asks for in one write, as Sluice's queue does. */
const CONNECTION = { enableAutoPipelining: true };

/** Changes a job's hash, and tells the listener. ioredis sends both with what else the turn asks for, but no transaction. */
async function change(redis: Redis, id: string, fields: object): Promise<void> {
  const state = { ...fields, updated_at: new Date().toISOString() };
  await Promise.all([
    redis.hset(`job:${id}`, state),
    redis.publish(EVENTS, JSON.stringify({ id, ...state })),
  ]);
}

serveSide({
  async openWeb(url, { progress, completed }) {
    const redis = new Redis(url, CONNECTION);
    const listener = new Redis(url);
    await listener.subscribe(EVENTS);
    listener.on('message', (_, text) => {
      const { id, status, stage } = JSON.parse(text) as { id: string; status?: string; stage?: string };
      if (status === 'completed') completed(id);
      else if (stage !== undefined) progress();
    });
    return {
      async enqueue() {
        const id = randomUUID();
        const created = {
          type: 'document_upload',
          status: 'queued',
          progress: 0,
          message: 'Waiting for worker...',
        };
        const payload = JSON.stringify(PAYLOAD);
        const fields = { id, ...created, payload, created_at: new Date().toISOString() };
        await Promise.all([change(redis, id, fields), redis.sadd(ACTIVE, id), redis.lpush(QUEUE, id)]);
        return id;
      },
      async close() {
        listener.disconnect();
        redis.disconnect();
      },
    };
  },

  async openWorker(url, slots, reporting, started) {
    const redis = new Redis(url, CONNECTION);
    const waiter = new Redis(url);
    await Promise.all([redis.ping(), waiter.ping()]);
    let running = 0;
    let stopped = false;
    let freed = () => {};
    const run = async (id: string) => {
      await redis.hgetall(`job:${id}`);
      await change(redis, id, { status: 'processing', progress: 10, message: 'Parsing document...' });
      started(id);
      const report = ({ counts, ...fields }: (typeof REPORTS)[number]) =>
        change(redis, id, { ...fields, ...counts });
      if (reporting === 'at once') await Promise.all(REPORTS.map(report));
      else for (const each of REPORTS) await report(each);
      const result = JSON.stringify({ document_id: id, chunk_count: 12, collection: PAYLOAD.collection });
      const completed = { status: 'completed', progress: 100, message: 'Completed', result };
      await Promise.all([change(redis, id, completed), redis.srem(ACTIVE, id)]);
    };
    const claim = async () => {
      while (!stopped) {
        if (running === slots) await new Promise<void>((resolve) => (freed = resolve));
        const ids = (await redis.rpop(QUEUE, slots - running)) ?? [(await waiter.brpop(QUEUE, 0))?.[1] ?? ''];
        for (const id of ids) {
          running++;
          void run(id).then(() => {
            running--;
            freed();
          });
        }
      }
    };
    return {
      start() {
        // Ends with its connections.
        claim().catch((error: unknown) => {
          if (!stopped) throw error;
        });
      },
      async close() {
        stopped = true;
        waiter.disconnect();
        redis.disconnect();
      },
    };
  },
});
