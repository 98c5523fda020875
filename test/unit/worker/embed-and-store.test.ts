import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { CutChunk } from '../../../src/contract/services/processor.ts';
import { toChunk, toMetadata, type EmbeddedChunk } from '../../../src/documents/chunk-record.ts';
import type { EmbeddingModel } from '../../../src/documents/collections/embedding-model.ts';
import { DependencyError } from '../../../src/errors.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ProcessorClient } from '../../../src/processor-client/processor-client.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { Availability } from '../../../src/worker/claim/availability.ts';
import { Checkpoints } from '../../../src/worker/run/checkpoints.ts';
import { embedAndStore } from '../../../src/worker/run/embed-and-store.ts';
import { RetryingCaller } from '../../../src/worker/run/retrying-caller.ts';
import type { ProgressReporter } from '../../../src/worker/run/progress-reporter.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const COUNT = 2000;
const chunks: CutChunk[] = Array.from({ length: COUNT }, (_, i) => ({
  text: `text ${i}`,
  start: i,
  end: i + 1,
}));
const origin = {
  collection: 'c',
  documentId: 'd',
  generation: 'g',
  filename: 'f',
  contentHash: undefined,
  metadata: {},
};
const logger = quietLogger();
let folder: string;
const unhandled = vi.fn();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-embed-'));
  process.on('unhandledRejection', unhandled);
});
afterEach(async () => {
  await sleep(20);
  process.off('unhandledRejection', unhandled);
  await rm(folder, { recursive: true });
  expect(unhandled).not.toHaveBeenCalled();
});

/** Runs the stage on a processor and a store made of functions. */
async function run({
  embed = () => {},
  upsert = () => {},
  ensureTaken = async () => {},
  model = 'm',
  signal = new AbortController().signal,
  count = COUNT,
  cut = chunks.slice(0, count),
}: {
  embed?: (texts: string[], signal: AbortSignal) => Promise<void> | void;
  upsert?: (batch: readonly EmbeddedChunk[], signal: AbortSignal) => Promise<void> | void;
  ensureTaken?: (model: EmbeddingModel) => Promise<void>;
  model?: string;
  signal?: AbortSignal;
  count?: number;
  cut?: CutChunk[];
}) {
  const processor = {
    health: async () => ({ status: 'ok', children: 3, embed_batch: 32 }),
    embed: async ({ texts }: { texts: string[] }, cut: AbortSignal) => {
      cut.throwIfAborted();
      await embed(texts, cut);
      return { embeddings: texts.map((text) => [text.length, 1]), model, dimensions: 2 };
    },
  } as unknown as ProcessorClient;
  const stores = {
    upsert: async (_origin: unknown, batch: readonly EmbeddedChunk[], cut: AbortSignal) => upsert(batch, cut),
  };
  const progress = { mark: () => {}, move: () => {}, wait: () => () => {} } as unknown as ProgressReporter;
  const checkpoint = new BlobStore(folder).checkpoint('default/d');
  await checkpoint.make();
  const checkpoints = new Checkpoints(
    checkpoint,
    { filename: 'f', file_key: 'default/d' } as JobPayload,
    logger,
  );
  const caller = new RetryingCaller(new Availability(), progress, logger);
  return embedAndStore(
    cut,
    origin,
    { processor, stores, checkpoints, ensureTaken },
    caller,
    progress,
    signal,
  );
}

test('embeds earlier batches first, also if the look for their checkpoint takes longer', async () => {
  const vectors = vi.spyOn(Checkpoints.prototype, 'vectors');
  vectors.mockImplementation((batch) => sleep(batch === 0 ? 30 : 0, undefined));
  const first: string[] = [];
  await run({ count: 700, embed: (texts) => void first.push(texts[0] ?? '') });
  vectors.mockRestore();
  // A batch has 234 chunks, and a call 32.
  expect(first.slice(0, 8)).toEqual([0, 32, 64, 96, 128, 160, 192, 224].map((i) => `text ${i}`));
});

test('stores in order, one batch at a time, and embeds the next meanwhile, but no further than two ahead', async () => {
  const stored: number[] = [];
  let [storing, embedded, mostAhead, mostStoring] = [0, 0, 0, 0];
  await run({
    embed: (texts) => {
      embedded += texts.length;
      mostAhead = Math.max(mostAhead, embedded - stored.length);
    },
    upsert: async (batch) => {
      mostStoring = Math.max(mostStoring, ++storing);
      await sleep(30);
      stored.push(...batch.map(({ index }) => index));
      storing--;
    },
  });
  expect(stored).toEqual(chunks.map((_, i) => i));
  expect(mostStoring).toBe(1);
  expect(mostAhead).toBe(3 * 250);
});

test('a failed embedding is the error thrown, and only once the write under way has ended', async () => {
  let [begun, ended] = [0, 0];
  const cut: boolean[] = [];
  const refused = new DependencyError('permanent', 'embedder_refused', 'no');
  const writing = Promise.withResolvers<void>();
  const running = run({
    // All three batches are begun at once: nothing but the end waits for the write.
    count: 750,
    embed: async (texts) => {
      // The last batch fails while the first is written.
      if (!texts.includes('text 749')) return;
      await writing.promise;
      throw refused;
    },
    upsert: async (_batch, signal) => {
      begun++;
      writing.resolve();
      await sleep(150);
      cut.push(signal.aborted);
      ended++;
    },
  });
  await expect(running).rejects.toBe(refused);
  expect([begun, ended, cut]).toEqual([1, 1, [false]]);
  await sleep(50);
  expect(begun).toBe(1);
});

test('a failed write is the error thrown, whatever fails because of it; nothing is written after it', async () => {
  const refused = new DependencyError('permanent', 'vector_store_refused', 'no');
  let writes = 0;
  let cutCalls = 0;
  const running = run({
    embed: async (_texts, signal) => {
      await sleep(60, undefined, { signal }).catch(() => {
        cutCalls++;
        throw new Error('a consequence');
      });
    },
    upsert: async () => {
      writes++;
      throw refused;
    },
  });
  await expect(running).rejects.toBe(refused);
  expect(writes).toBe(1);
  expect(cutCalls).toBeGreaterThan(0);
});

test('calls that wait for a service to come back give up as soon as another has failed', async () => {
  const refused = new DependencyError('interrupted', 'processor_lost', 'cut');
  let calls = 0;
  const running = run({
    embed: () => {
      // Nothing but the first batch is answered; cut calls use their budget up.
      if (++calls > 8) throw refused;
    },
    upsert: () => {
      throw new DependencyError('unreachable', 'vector_store_unavailable', 'away');
    },
  });
  await expect(running).rejects.toBe(refused);
});

test('a call that waits for a service to come back is not waited for once another has failed', async () => {
  const refused = new DependencyError('permanent', 'embedder_refused', 'no');
  let writes = 0;
  let writesBefore = 0;
  const running = run({
    count: 750,
    embed: async (texts) => {
      if (!texts.includes('text 700')) return;
      // By then a write that failed at once, and at 100, 300 and 700 ms, waits until 1,500 ms.
      await sleep(800);
      writesBefore = writes;
      throw refused;
    },
    upsert: () => {
      writes++;
      throw new DependencyError('unreachable', 'vector_store_unavailable', 'away');
    },
  });
  await expect(running).rejects.toBe(refused);
  expect(writes).toBe(writesBefore);
});

test('an abort is thrown as its own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('the claim was lost');
  const running = run({
    signal: controller.signal,
    embed: () => sleep(10),
    upsert: async (_batch, signal) => {
      setTimeout(() => controller.abort(reason), 5);
      await sleep(1000, undefined, { signal }).catch(() => {
        throw signal.reason;
      });
    },
  });
  await expect(running).rejects.toBe(reason);
});

test('a chunk with context is embedded with it, and both are stored', async () => {
  const rows = { text: '| 1 |', start: 5, end: 10, context: '| n |' };
  const embedded: string[] = [];
  let stored: readonly EmbeddedChunk[] = [];
  await run({
    cut: [rows],
    embed: (texts) => void embedded.push(...texts),
    upsert: (batch) => void (stored = batch),
  });
  expect(embedded).toEqual(['| n |\n| 1 |']);
  const [chunk] = stored as [EmbeddedChunk];
  expect(toChunk('id', chunk.text, toMetadata(origin, chunk))).toMatchObject({ chunk_index: 0, ...rows });
});

test('a model that the collection does not take ends the work at the first vectors, and nothing is stored', async () => {
  const refused = new DependencyError('permanent', 'embedding_mismatch', 'no');
  const ensureTaken = vi.fn(() => Promise.reject(refused));
  const [embed, upsert] = [vi.fn(), vi.fn()];
  await expect(run({ embed, upsert, ensureTaken })).rejects.toBe(refused);
  expect(ensureTaken).toHaveBeenCalledExactlyOnceWith({ name: 'm', dimensions: 2 });
  // Two calls in each lane at most, of 63.
  expect(embed.mock.calls.length).toBeLessThanOrEqual(8);
  expect(upsert).not.toHaveBeenCalled();
});

test('a refused model of a checkpoint is given up for the present one', async () => {
  const broken = new DependencyError('transient', 'vector_store_failed', 'no');
  await expect(run({ count: 1, model: 'former', upsert: () => Promise.reject(broken) })).rejects.toBe(broken);
  const ensureTaken = async ({ name }: EmbeddingModel) => {
    if (name !== 'present') throw new DependencyError('permanent', 'embedding_mismatch', 'no');
  };
  const next = { count: 1, model: 'present', ensureTaken };
  await expect(run(next)).rejects.toMatchObject({ kind: 'transient', code: 'embedding_model_changed' });
  expect(await run(next)).toEqual({ name: 'present', dimensions: 2 });
});
