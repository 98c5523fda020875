import { Redis } from 'ioredis';

import { startRoles } from '../../../src/compose/start-roles.ts';
import { loadConfig, type Role } from '../../../src/config.ts';
import { nodeFlags } from '../../../src/embedded/node-flags.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { createKeys, DEFAULT_TENANT } from '../../../src/redis/keys.ts';
import { jobId, PAYLOAD, REPORT, type Server, type Side } from './side.ts';

/** Every client that is cut at the end of a round would be a line. */
const logger = { ...createLogger('bench'), info() {} };

/** Sluice's side: its gateway as it is, and jobs that its own queue moves. */
export const side: Side = {
  serve: (redisUrl, folder) => startSluice(['gateway'], redisUrl, folder),

  nodeFlags: nodeFlags(['gateway']),

  async publisher(redisUrl, jobs) {
    const redis = new Redis(redisUrl);
    const queue = new JobQueue(redis, createKeys(), {
      leaseMs: 600_000,
      maxRetries: 3,
      maxStalls: 10,
      ttlSeconds: 3600,
    });
    const ids = Array.from({ length: jobs }, (_, job) => jobId(job));
    await Promise.all(ids.map((id) => queue.enqueue(id, DEFAULT_TENANT, PAYLOAD)));
    const claims = new Map<string, Awaited<ReturnType<JobQueue['claim']>>['jobs'][number]>();
    while (claims.size < jobs) for (const claim of (await queue.claim(100)).jobs) claims.set(claim.id, claim);
    const claimed = ids.map((id) => claims.get(id));
    return (job, message, progress) => {
      const claim = claimed[job];
      if (claim) void queue.progress(claim, { progress, message, ...REPORT });
    };
  },

  path: '/ws',

  greeting: (id) => [
    [
      JSON.stringify({
        type: 'subscribe',
        id: 1,
        ...(id === undefined ? { channel: 'active' } : { channel: 'jobs', jobs: [id] }),
      }),
      '{"type":"snapshot"',
    ],
  ],
};

/** Starts roles of Sluice in this process. */
export async function startSluice(roles: Role[], redisUrl: string, folder: string): Promise<Server> {
  const nowhere = 'http://127.0.0.1:9';
  const env = {
    ...process.env,
    PORT: '0',
    DATA_DIR: folder,
    REDIS_URL: redisUrl,
    CHROMA_URL: nowhere,
    PROCESSOR_URL: nowhere,
    KEYWORDS_URL: nowhere,
  };
  const { port } = await startRoles(roles, loadConfig(env), logger);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 20));
  const buffered = async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^sluice_gateway_buffered_bytes (\d+)/m.exec(metrics)?.[1]);
  };
  return { port, buffered };
}
