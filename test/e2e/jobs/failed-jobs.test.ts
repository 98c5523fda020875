import { ChromaClient } from 'chromadb';
import { expect, test } from 'vitest';

import { processorChildren } from '../../helpers/processors/processor-children.ts';
import { expectSettled } from '../../helpers/stores/settled.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const CHILDREN = 3;
const MAX_RETRIES = 1;
const ids: string[] = [];

const embedder = useEmbeddings();
const sluice = useSluice(() => ({
  env: {
    EMBEDDINGS_URL: embedder.url,
    PROCESSOR_CHILDREN: `${CHILDREN}`,
    // Others must not take so long on a slow machine, nor the slow file less on a quick one.
    PROCESSOR_TIMEOUT_MS: '2000',
    MAX_RETRIES: `${MAX_RETRIES}`,
  },
}));

async function upload(file: string | File, fields: Record<string, string> = {}): Promise<string> {
  const { job_id } = await sluice.upload(file, { on_duplicate: 'keep', ...fields });
  ids.push(job_id);
  return job_id;
}

/** How a job ended, if it failed: where, by which code, after how many retries; and in which words. */
async function failure(id: string) {
  const { status, message, error_code, retry_count, attempt, error } = await sluice.ended(id);
  return { status, message, error_code, retry_count, attempt, error };
}
const failed = (message: string, error_code: string, retry_count: number, error: unknown) => ({
  status: 'failed',
  message,
  error_code,
  retry_count,
  attempt: retry_count + 1,
  error,
});

const replaced = () => sluice.output().match(/a child is replaced/g)?.length ?? 0;

test('a document that is not read in time fails after the documented tries; nobody else notices', async () => {
  const processor = await sluice.rolePid('processor');
  // Nearly as many elements as are read at all: its reader is silent for longer than the limit.
  const slow = await upload(new File([`<!doctype html>${'<p>x</p>'.repeat(690_000)}`], 'slow.html'));
  const others: string[] = [];
  for (let status = ''; status !== 'failed'; { status } = await sluice.job(slow)) {
    const id = await upload('readme.md');
    others.push(id);
    await sluice.ended(id);
  }
  const words = expect.stringMatching(/longer to process than it may|timeout after 2s/) as string;
  expect(await failure(slow)).toEqual(failed('Parsing failed', 'deadline', MAX_RETRIES, words));
  expect(others.length).toBeGreaterThan(1);
  for (const id of others) {
    const job = await sluice.job(id);
    expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    expect(job.retry_count ?? 0).toBe(0);
  }
  expect(replaced()).toBe(MAX_RETRIES + 1);
  await expect.poll(() => processorChildren(processor).length).toBe(CHILDREN);
});

test.each<[code: string, status: number, retries: number, words: string]>([
  ['embedder_refused', 400, 0, 'The embedding service refused the request.'],
  ['embedder_unavailable', 500, MAX_RETRIES, 'The embedding service responded with status 500.'],
  ['internal', 200, MAX_RETRIES, 'The embedding service responded with something other than embeddings.'],
])('an embedder that fails one call a try: %s', async (code, status, retries, words) => {
  for (let tries = 0; tries <= retries; tries++) {
    embedder.failNext(status, { 'retry-after': '0' });
  }
  const id = await upload(new File(['A memo of one chunk.'], 'memo.txt'));
  expect(await failure(id)).toEqual(failed('Embedding failed', code, retries, words));
});

test('a collection of another model fails at once', async () => {
  const { hostname, port } = new URL(sluice.chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const collection = await client.createCollection({ name: 'of-another', embeddingFunction: null });
  await collection.add({ ids: ['theirs'], embeddings: [[1, 0, 0]] });
  const id = await upload(new File(['A memo of one chunk.'], 'memo.txt'), { collection: 'of-another' });
  const words =
    'The collection "of-another" holds vectors of an unknown model (3 numbers each). ' +
    'The processor embeds with the model "default" (64 numbers each). Set the former model back, or use another collection.';
  // The processor's health names the length for a minute after each embedding.
  const where = expect.stringMatching(/^(Parsing|Embedding) failed$/) as string;
  expect(await failure(id)).toEqual(failed(where, 'embedding_mismatch', 0, words));
  await client.deleteCollection({ name: 'of-another' });
});

test('of none of them anything is left', () => expectSettled(sluice, ids));
