import { Counter } from '@prometheus-io/client';

import { chromaCall, CHROMA_TIMEOUT_MS } from '../documents/chroma-call.ts';
import { ChunkCounts } from '../documents/chunk-counts.ts';
import { ChunkStores } from '../documents/chunk-stores.ts';
import { CollectionCounts } from '../documents/collections/collection-counts.ts';
import { CollectionModels } from '../documents/collections/collection-models.ts';
import { storedModel } from '../documents/collections/stored-model.ts';
import { DocumentRegistry } from '../documents/registry.ts';
import { RebuiltVectors } from '../documents/reembed/rebuilt-vectors.ts';
import { Batches } from '../jobs/batches/batches.ts';
import { ReembedJobs } from '../jobs/transitions/reembed-jobs.ts';
import { ReembedSweep } from '../worker/reembed/reembed-sweep.ts';
import { DocumentEdits } from '../jobs/transitions/document-edits.ts';
import { DocumentDeletion } from '../jobs/transitions/document-deletion.ts';
import { CleanupLog } from '../jobs/transitions/cleanup-log.ts';
import { IncompleteDocuments } from '../jobs/transitions/incomplete-documents.ts';
import { JobQueue } from '../jobs/transitions/job-queue.ts';
import { JobStore } from '../jobs/reads/job-store.ts';
import { Tombstones } from '../jobs/transitions/tombstones.ts';
import { ChunkComparison } from '../worker/comparison/chunk-comparison.ts';
import { BatchSweep } from '../worker/recovery/batch-sweep.ts';
import { CollectionSweep } from '../worker/recovery/collection-sweep.ts';
import { EditSweep } from '../worker/recovery/edit-sweep.ts';
import { EndedRecovery } from '../worker/recovery/ended-recovery.ts';
import { ManifestRestoration } from '../worker/recovery/manifest-restoration.ts';
import { OrphanSweep } from '../worker/recovery/orphan-sweep.ts';
import { TombstoneSweep } from '../worker/recovery/tombstone-sweep.ts';
import { EmbedBatcher } from '../worker/run/embed-batcher.ts';
import { UpsertBatcher } from '../worker/run/upsert-batcher.ts';
import { UploadRecovery } from '../worker/recovery/upload-recovery.ts';
import { startWorker } from '../worker/worker.ts';
import type { Shared } from './shared.ts';
import type { Stores } from './stores.ts';

/** Interval of the comparison of chunks, in ms: finds missing ones within a minute. */
const MAX_COMPARED_EVERY_MS = 30_000;

/** Wires and starts the worker. */
export async function composeWorker(shared: Shared, stores: Stores): Promise<void> {
  const { config, logger, started, keys, installation, connect, metrics } = shared;
  const queueOptions = { ...shared.queueOptions, reader: () => stores.reader.present };
  const { leaseMs, drainMs, workerConcurrency: concurrency, jobTtlSeconds } = config;
  const redis = connect('worker', 'retrying');
  installation.watch(redis);
  const ttlMs = jobTtlSeconds * 1000;
  const store = new JobStore(redis, keys);
  const reembeds = new ReembedJobs(redis, keys, { maxRetries: config.maxRetries, ttlSeconds: jobTtlSeconds });
  const chunks = new ChunkStores(stores.vectors, stores.keywords);
  const services = {
    ...stores,
    chunks,
    upserts: new UpsertBatcher(chunks),
    embeds: new EmbedBatcher(stores.processor),
    redis,
    keys,
    installation,
    logger,
    queue: new JobQueue(redis, keys, queueOptions),
    store,
    registry: new DocumentRegistry(redis, keys),
    reembeds,
    rebuilt: new RebuiltVectors(chromaCall(stores.chromaUrl), (client) => installation.proveChroma(client)),
    models: new CollectionModels(redis, keys, stores.reader, reembeds, storedModel(stores.chromaUrl)),
    deletion: new DocumentDeletion(redis, keys, jobTtlSeconds),
    edits: new DocumentEdits(redis, keys, CHROMA_TIMEOUT_MS),
    epochs: store.epochs,
    counts: new ChunkCounts(redis, keys),
    incomplete: new IncompleteDocuments(redis, keys, config.maxRetries),
    cleanups: new CleanupLog(redis, keys, CHROMA_TIMEOUT_MS),
    tombstones: new Tombstones(redis, keys),
    waiter: connect('waiter', 'retrying'),
    subscriber: connect('cancellations', 'retrying'),
  };
  const manifests = new ManifestRestoration(services, ttlMs);
  const trashed = new Counter({
    name: 'sluice_originals_trashed_total',
    help: 'Originals that no store explained, moved to the trash.',
    registers: [metrics],
  });
  const worker = await startWorker(
    {
      ...services,
      uploads: new UploadRecovery(services),
      ends: new TombstoneSweep(services),
      orphans: new OrphanSweep({ ...services, manifests, trashed }, config.trashDays, ttlMs),
      ended: new EndedRecovery({ ...services, manifests }, ttlMs),
      collections: new CollectionSweep({ ...services, collections: new CollectionCounts(redis, keys) }),
      batched: new BatchSweep({ batches: new Batches(redis, keys), logger }),
      edited: new EditSweep(services),
      reembedded: new ReembedSweep(services, CHROMA_TIMEOUT_MS),
      comparison: new ChunkComparison(services, Math.min(leaseMs, MAX_COMPARED_EVERY_MS)),
    },
    { concurrency, leaseMs, drainMs },
  );
  started.defer(() => worker.close());
}
