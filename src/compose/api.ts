import { resolve } from 'node:path';

import { CollectionModels } from '../documents/collections/collection-models.ts';
import { CHROMA_TIMEOUT_MS } from '../documents/chroma-call.ts';
import { Collections } from '../documents/collections/collections.ts';
import { DocumentRegistry } from '../documents/registry.ts';
import { createApp } from '../http/app.ts';
import type { healthRoutes } from '../http/routes/health.ts';
import { Batches } from '../jobs/batches/batches.ts';
import { DocumentEdits } from '../jobs/transitions/document-edits.ts';
import { DocumentDeletion } from '../jobs/transitions/document-deletion.ts';
import { IncompleteDocuments } from '../jobs/transitions/incomplete-documents.ts';
import type { JobFeed } from '../jobs/feed/job-feed.ts';
import { ReembedJobs } from '../jobs/transitions/reembed-jobs.ts';
import { JobQueue } from '../jobs/transitions/job-queue.ts';
import { Tombstones } from '../jobs/transitions/tombstones.ts';
import { JobReader } from '../jobs/feed/job-reader.ts';
import { LiveJobs } from '../limits/live-jobs.ts';
import { FreeSpace } from '../uploads/free-space.ts';
import { UploadConnection } from '../uploads/upload-connection.ts';
import type { startServer } from '../http/server.ts';
import type { Shared } from './shared.ts';
import type { Stores } from './stores.ts';

const PAGE_FOLDER = resolve(import.meta.dirname, '../../client/dist');

/** Routes that the HTTP server of a process serves. */
export type App = Parameters<typeof startServer>[0];

/** Wires the api. @returns its routes */
export function composeApi(
  shared: Shared,
  stores: Stores,
  own: ReturnType<typeof healthRoutes>,
  closing: AbortSignal,
): App {
  const { config, logger, started, keys, redis, store } = shared;
  const queueOptions = { ...shared.queueOptions, reader: () => stores.reader.present };
  const feed = shared.feed as JobFeed;
  const reader = new JobReader(store, feed);
  started.defer(() => reader.close());
  const uploads = shared.connect('uploads', 'ordered');
  const space = new FreeSpace(config.blobStore, [config.dataDir], config.minFreeBytes);
  shared.checks['disk'] = () => space.check();
  const reembeds = new ReembedJobs(redis, keys, {
    maxRetries: config.maxRetries,
    ttlSeconds: config.jobTtlSeconds,
  });
  const services = {
    ...shared,
    ...stores,
    space,
    feed,
    reader,
    closing,
    keywordWeight: config.keywordWeight,
    liveJobs: new LiveJobs(config.limits.liveJobs, redis, keys.active),
    queue: new JobQueue(redis, keys, queueOptions),
    uploadQueue: new JobQueue(uploads, keys, queueOptions),
    uploadConnection: new UploadConnection(uploads, logger),
    batches: new Batches(redis, keys),
    registry: new DocumentRegistry(redis, keys),
    deletion: new DocumentDeletion(redis, keys, config.jobTtlSeconds),
    tombstones: new Tombstones(redis, keys),
    edits: new DocumentEdits(redis, keys, CHROMA_TIMEOUT_MS),
    collections: new Collections(redis, keys, reembeds),
    models: new CollectionModels(redis, keys, stores.reader, reembeds),
    reembeds,
    incomplete: new IncompleteDocuments(redis, keys, config.maxRetries),
  };
  return createApp(services, own, {
    uploadLimits: { maxBytes: config.maxUploadBytes, leastRate: config.minUploadRate },
    clientOf: shared.clientOf,
    guard: shared.guard,
    allowedOrigins: config.allowedOrigins,
    settings: { gateway_url: config.gatewayUrl },
    publicPath: config.publicUrl?.pathname.replace(/\/+$/, '') ?? '',
    heartbeatMs: config.heartbeatMs,
    pageFolder: PAGE_FOLDER,
  });
}
