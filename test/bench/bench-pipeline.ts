import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createKeys, DEFAULT_TENANT } from '../../src/redis/keys.ts';
import { startChroma } from '../helpers/servers/chroma.ts';
import { startRedis } from '../helpers/servers/redis.ts';
import { processorSeconds } from './ingest/processor-time.ts';
import { startRoleProcess, type RoleProcess } from './pipeline/role-process.ts';
import { median, printTable } from './statistics.ts';

const ROUNDS = 3;
const JOBS = 500;
const UPLOADS_AT_ONCE = 16;
const LOOK_MS = 10;
const EMBEDDER = join(import.meta.dirname, '../helpers/servers/embeddings-server.ts');
const PROCESSES = ['api', 'workers', 'processor', 'keywords', 'Chroma', 'Redis', 'embedder'] as const;

interface Round {
  jobsPerSecond: number;
  /** Processor time a job, in ms. */
  cpu: number[];
}

/**
 * Small documents from upload to searchable, by the number of workers. Every role is a process of its own, with a real
 * Redis and Chroma. The embedder is a deterministic server. The numbers of workers take turns.
 */
export async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-pipeline-'));
  const [redis, chroma, embedder] = await Promise.all([startRedis(), startChroma(), startEmbedder()]);
  const env = {
    DATA_DIR: folder,
    REDIS_URL: redis.url,
    CHROMA_URL: chroma.url,
    EMBEDDINGS_URL: embedder.url,
  };
  const processor = await startRoleProcess('processor', env);
  const keywords = await startRoleProcess('keywords', env);
  const roleEnv = { ...env, PROCESSOR_URL: processor.url, KEYWORDS_URL: keywords.url };
  const api = await startRoleProcess('api', roleEnv);
  const counts = process.argv[3] === undefined ? [1, 2, 4] : [Number(process.argv[3])];
  const rounds = new Map(counts.map((count) => [count, [] as Round[]]));
  const documents = createKeys().documents(DEFAULT_TENANT);
  const run = async (count: number, jobs: number): Promise<Round> => {
    const workers = await Promise.all(
      Array.from({ length: count }, () => startRoleProcess('worker', roleEnv)),
    );
    const pids = [
      [api.pid],
      workers.map(({ pid }) => pid),
      [processor.pid],
      [keywords.pid],
      [chroma.server.pid as number],
      [redis.pid()],
      [embedder.pid],
    ];
    const used = () => Promise.all(pids.map(secondsOf));
    const stored = (await redis.client.zcard(documents)) + jobs;
    const before = await used();
    const began = performance.now();
    await upload(api, jobs);
    while ((await redis.client.zcard(documents)) < stored) await sleep(LOOK_MS);
    const seconds = (performance.now() - began) / 1000;
    const after = await used();
    await Promise.all(workers.map((worker) => worker.close()));
    const cpu = after.map((each, place) => ((each - (before[place] ?? NaN)) * 1000) / jobs);
    return { jobsPerSecond: jobs / seconds, cpu };
  };
  try {
    await run(1, JOBS / 5);
    for (let round = 0; round < ROUNDS; round++)
      for (const count of counts) rounds.get(count)?.push(await run(count, JOBS));
    print(rounds);
  } finally {
    await api.close();
    await Promise.all([processor.close(), keywords.close()]);
    embedder.close();
    await Promise.all([redis.close(), chroma.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function startEmbedder() {
  const child = spawn(process.execPath, [EMBEDDER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: line.toString().trim(), pid: child.pid as number, close: () => child.kill() };
}

async function secondsOf(pids: readonly number[]): Promise<number> {
  return (await Promise.all(pids.map(processorSeconds))).reduce((sum, each) => sum + each, 0);
}

let uploaded = 0;

/** Uploads memos of three sentences, each another text, some at once. */
async function upload({ url }: RoleProcess, count: number): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const text = `Memo ${++uploaded}. A short note should be found at once. It says who met whom, and what they agreed on.`;
      const form = new FormData();
      form.set('collection', 'bench');
      form.set('file', new File([text], `memo-${uploaded}.txt`, { type: 'text/plain' }));
      const response = await fetch(`${url}/api/documents/upload`, { method: 'POST', body: form });
      if (response.status !== 202) throw new Error(`not accepted: ${await response.text()}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, lane));
}

function print(rounds: ReadonlyMap<number, readonly Round[]>): void {
  const rows = [['workers', 'jobs/s', ...PROCESSES, 'together']];
  for (const [count, of] of rounds) {
    const cpu = PROCESSES.map((_, place) => median(of.map((round) => round.cpu[place] ?? NaN)));
    const ms = (value: number) => value.toFixed(2);
    const total = cpu.reduce((sum, each) => sum + each, 0);
    const speed = median(of.map(({ jobsPerSecond }) => jobsPerSecond)).toFixed(0);
    rows.push([String(count), speed, ...cpu.map(ms), ms(total)]);
  }
  printTable(rows);
  console.log(`
jobs/s: ${JOBS} uploads of a memo, ${UPLOADS_AT_ONCE} at once, from the first upload until all are searchable. The columns
behind it: milliseconds of processor time a job, by process. Medians of ${ROUNDS} rounds in turn.`);
}
