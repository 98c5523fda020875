import type { IncomingMessage } from 'node:http';
import type { Redis } from 'ioredis';
import type { Registry } from '@prometheus-io/client';
import type { Access } from '../access/access.ts';
import type { Guard } from '../access/guard.ts';
import type { Settings } from '../contract/settings.ts';
import type { CollectionModels } from '../documents/collections/collection-models.ts';
import type { Collections } from '../documents/collections/collections.ts';
import type { DocumentRegistry } from '../documents/registry.ts';
import type { VectorStore } from '../documents/vector-store.ts';
import type { Installation } from '../installation/installation.ts';
import type { Batches } from '../jobs/batches/batches.ts';
import type { DocumentEdits } from '../jobs/transitions/document-edits.ts';
import type { DocumentDeletion } from '../jobs/transitions/document-deletion.ts';
import type { IncompleteDocuments } from '../jobs/transitions/incomplete-documents.ts';
import type { JobFeed } from '../jobs/feed/job-feed.ts';
import type { JobQueue } from '../jobs/transitions/job-queue.ts';
import type { ReembedJobs } from '../jobs/transitions/reembed-jobs.ts';
import type { Tombstones } from '../jobs/transitions/tombstones.ts';
import type { JobReader } from '../jobs/feed/job-reader.ts';
import type { JobStore } from '../jobs/reads/job-store.ts';
import type { Subject } from '../limits/client-address.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { LiveJobs } from '../limits/live-jobs.ts';
import type { KeywordIndex } from '../keywords-client/keyword-index.ts';
import type { Logger } from '../logging/logger.ts';
import type { ProcessorClient } from '../processor-client/processor-client.ts';
import type { Keys } from '../redis/keys.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { FreeSpace } from '../uploads/free-space.ts';
import type { UploadLimits } from '../uploads/receive-upload.ts';
import type { UploadConnection } from '../uploads/upload-connection.ts';
import type { Principal } from '../access/principal.ts';

/** Services of the `api` role. Each route picks its own. */
export interface ApiServices {
  access: Access;
  redis: Redis;
  keys: Keys;
  blobs: BlobStore;
  space: FreeSpace;
  queue: JobQueue;
  /** Queue over a connection that never gives a command up. */
  uploadQueue: JobQueue;
  uploadConnection: UploadConnection;
  store: JobStore;
  feed: JobFeed;
  reader: JobReader;
  batches: Batches;
  registry: DocumentRegistry;
  collections: Collections;
  models: CollectionModels;
  reembeds: Pick<ReembedJobs, 'start'>;
  deletion: DocumentDeletion;
  tombstones: Tombstones;
  edits: DocumentEdits;
  incomplete: IncompleteDocuments;
  vectors: VectorStore;
  keywords: KeywordIndex;
  /** Share of the words in a hybrid score, set by the operator. */
  keywordWeight: number | undefined;
  processor: ProcessorClient;
  installation: Pick<Installation, 'admit' | 'proveBlobs'>;
  limiter: Limiter;
  liveJobs: LiveJobs;
  metrics: Registry;
  /** Aborts when the server is to close. */
  closing: AbortSignal;
  logger: Logger;
}

/** Settings of the `api` role. */
export interface ApiOptions {
  uploadLimits: UploadLimits;
  guard: Guard;
  /** Returns the subject whose limits a request counts against. */
  clientOf: (request: IncomingMessage, principal?: Principal) => Subject;
  allowedOrigins: readonly string[];
  /** Settings for the web page. */
  settings: Settings;
  /** Path prefix that a proxy strips, without a slash at its end; empty without a prefix. */
  publicPath: string;
  /** Longest silence on an event stream or a long poll, in ms. */
  heartbeatMs: number;
  /** The folder of the built web page. */
  pageFolder: string;
}
