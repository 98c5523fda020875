import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import type { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { Availability } from '../../../src/worker/claim/availability.ts';
import { ClaimLoop, type RunClaimed } from '../../../src/worker/claim/claim-loop.ts';
import { collectGarbage } from '../../helpers/measures/collect-garbage.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const TURNS = 1000;
const NEVER = new Promise<never>(() => {});

/** Hands out values of its own, as many as there are to be turns, and tells which of them somebody still holds. */
class Turns {
  readonly #values: WeakRef<object>[] = [];
  readonly #over = Promise.withResolvers<void>();

  /** A value of this turn; after the last turn nothing comes any more. */
  async next(): Promise<object> {
    if (this.#values.length === TURNS) {
      this.#over.resolve();
      return NEVER;
    }
    const value = {};
    this.#values.push(new WeakRef(value));
    return value;
  }

  /** How many values are held when all turns are over. */
  async held(): Promise<number> {
    await this.#over.promise;
    // What a WeakRef was made for is kept until its task is over.
    await new Promise((resolve) => setTimeout(resolve));
    collectGarbage();
    return this.#values.filter((value) => value.deref()).length;
  }
}

function start(
  claim: (count: number) => Promise<ClaimedJob[]>,
  wait: () => Promise<unknown>,
  run: (job: ClaimedJob, freeSlot: () => void) => Promise<unknown>,
): ClaimLoop {
  const services = {
    queue: { claim: async (count: number) => ({ jobs: await claim(count) }) } as unknown as JobQueue,
    waiter: { blmove: wait, disconnect() {} } as unknown as Redis,
    queueKey: 'queue',
    slots: 2,
    availability: new Availability(),
    logger: quietLogger(),
  };
  return new ClaimLoop(services, run as RunClaimed);
}

test('a worker that waits for work again and again keeps nothing of its earlier waits', async () => {
  const turns = new Turns();
  const loop = start(
    async () => [],
    () => turns.next(),
    () => NEVER,
  );
  expect(await turns.held()).toBeLessThan(10);
  // Nor does a wait that is never answered keep it from stopping.
  await loop.stop();
});

test('a worker all whose slots are taken keeps nothing of short jobs, however long another one runs', async () => {
  const turns = new Turns();
  const job = (id: string) => ({ id }) as ClaimedJob;
  const queued = ['long'];
  start(
    async (count) => [...queued.splice(0), 'short', 'short'].slice(0, count).map(job),
    () => NEVER,
    ({ id }) => (id === 'long' ? NEVER : turns.next()),
  );
  expect(await turns.held()).toBeLessThan(10);
});

test('a job that gives its slot back lets another one run, up to four a slot', async () => {
  const counts: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let running = 0;
  start(
    async (count) => {
      counts.push(count);
      // Without a limit the loop would never give the test a turn.
      if (counts.length > 20) return NEVER;
      return [{ id: String(counts.length) } as ClaimedJob];
    },
    async () => {},
    async (_, freeSlot) => {
      freeSlot();
      if (++running === 8) resolve();
      await NEVER;
    },
  );
  await promise;
  await new Promise((done) => setTimeout(done));
  expect(running).toBe(8);
  expect(Math.max(...counts)).toBe(2);
});

test('a claim that fails again and again is tried ever more seldom, and a worker can be stopped meanwhile', async () => {
  let tries = 0;
  const loop = start(
    async () => {
      tries++;
      throw new Error('NOPERM');
    },
    () => NEVER,
    () => NEVER,
  );
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await loop.stop();
  // At once, after 250 ms, and after 500 ms more.
  expect(tries).toBeLessThanOrEqual(3);
});
