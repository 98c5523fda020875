import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

import { serve } from '../queue/remote.ts';
import { loadSide, type Publish } from './side.ts';
import { nowMicros, SEEN, stamp } from './stamp.ts';

/** The process that publishes: `node publisher.ts SIDE REDIS_URL`. */

/** When each state of each job was published, in microseconds, from its state 1 on. */
export type Truth = number[][];

const [name = '', redisUrl = ''] = process.argv.slice(2);
let publish: Publish;
let truth: Truth;

/** Publishes a job's next state. */
function next(job: number): void {
  const times = truth[job] as number[];
  const at = nowMicros();
  const state = times.push(at);
  publish(job, `Generating embeddings... ${stamp(job, state, at)}`, 60 + (state % 2000) / 100);
}

serve({
  async open(jobs: number) {
    publish = await (await loadSide(name)).publisher(redisUrl, jobs);
    truth = Array.from({ length: jobs }, () => []);
  },

  /** Publishes an even stream of states, of one job after the other. @param rate of all jobs together, a second */
  async publish({ rate, ms }: { rate: number; ms: number }): Promise<Truth> {
    const startedAt = performance.now();
    let count = 0;
    for (let passed = 0; passed < ms; passed = performance.now() - startedAt) {
      for (; count < (passed * rate) / 1000; count++) next(count % truth.length);
      await sleep(1);
    }
    return truth;
  },

  /** Publishes states of one job, each as soon as all clients have the one that was `ahead` states before it. */
  async flood({ ahead, ms }: { ahead: number; ms: number }) {
    const redis = new Redis(redisUrl);
    await redis.subscribe(SEEN);
    const endsAt = performance.now() + ms;
    const published = () => truth[0]?.length ?? 0;
    await new Promise<void>((resolve) => {
      const fill = (seen: number) => {
        if (performance.now() > endsAt) resolve();
        else while (published() < seen + ahead) next(0);
      };
      redis.on('message', (_channel: string, seen: string) => fill(Number(seen)));
      fill(published());
    });
    redis.disconnect();
  },
});
