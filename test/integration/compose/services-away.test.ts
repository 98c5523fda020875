import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { Stats } from '../../../src/contract/jobs.ts';
import { FOR_EACH, useBackends, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';

const backends = useBackends();
const redis = useRedis();

beforeEach(() => redis.client.flushall());
const roles = useRoles(['api', 'worker'], () => ({ ...backends.env, REDIS_URL: redis.url }), FOR_EACH);

async function job(id: string): Promise<Job> {
  return (await (await fetch(`${roles.url}/api/jobs/${id}`)).json()) as Job;
}

test.each([
  { service: 'chroma', stage: 'embed', code: 'vector_store_unavailable' },
  { service: 'keywords', stage: 'embed', code: 'keywords_unavailable' },
  { service: 'processor', stage: 'parse', code: 'processor_unavailable' },
] as const)(
  'while $service is away jobs wait, no more are claimed, no try is counted; then all go on',
  async ({ service, stage, code }) => {
    await backends[service].down();
    const ids = [await expectAccepted(await upload(roles.url, 'Document 0.'))];
    await expect
      .poll(async () => (await job(ids[0]!)).stage)
      .toMatch(stage === 'embed' ? /embed|store/ : stage);
    // Until it has tried once nothing is known to be away.
    const isKnown = (line: string) => line.startsWith('a call is retried') && line.includes(code);
    await expect.poll(() => roles.logger.lines.some(isKnown)).toBe(true);
    for (let i = 1; i < 5; i++) ids.push(await expectAccepted(await upload(roles.url, `Document ${i}.`)));
    // Three more jobs could run at once. No event tells that none is claimed.
    await sleep(700);
    const stats = (await (await fetch(`${roles.url}/api/stats`)).json()) as Stats;
    expect(stats).toMatchObject({ in_flight: 1, queue_depth: 4, delayed: 0, failed: 0 });

    await backends[service].up();
    for (const id of ids) {
      await expect.poll(async () => (await job(id)).status).toBe('completed');
      const ended = await job(id);
      expect(ended).toMatchObject({ attempt: 1 });
      expect(ended.retry_count).toBeUndefined();
    }
  },
);
