import type { Redis } from 'ioredis';

import { documentFields } from '../../../src/documents/registry.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';

const OPTIONS = { leaseMs: 60_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 100 };

/** What a test says of a document. */
export interface Given {
  collection?: string;
  chunks?: number;
  size?: number;
  model?: string;
  dimension?: number;
  filename?: string;
  metadata?: JobPayload['metadata'];
}

/** Completes a job that registers a document, or replaces the one of this id. */
export async function registerByJob(redis: Redis, id: string, given: Given = {}): Promise<void> {
  const { collection = 'papers', chunks = 1, size = 10, model = 'm', dimension = 4 } = given;
  const queue = new JobQueue(redis, createKeys(), OPTIONS);
  const payload: JobPayload = {
    filename: given.filename ?? `${id}.txt`,
    file_size: size,
    collection,
    chunking_strategy: 'sentence',
    chunk_size: 512,
    chunk_overlap: 50,
    file_key: `default/${id}`,
    metadata: given.metadata ?? {},
    document_id: id,
  };
  const job = `${id}-${Math.random()}`;
  await queue.enqueue(job, 'default', payload);
  const [claim] = (await queue.claim(1)).jobs;
  const made = { id, tenant: 'default', model, dimension, mediaType: undefined, readerVersion: undefined };
  const fields = documentFields(payload, made);
  const document = { documentId: id, tenant: 'default', collection, chunkCount: chunks, fields };
  if (!(await queue.complete(claim!, document))) throw new Error(`${job} was not completed`);
}
