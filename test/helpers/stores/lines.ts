import type { JobResult } from '../../../src/contract/job.ts';
import type { OnDuplicate } from '../../../src/contract/upload.ts';
import { documentFields } from '../../../src/documents/registry.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { keys, payload, queue, recovered, redis } from './queue.ts';

/** The reader of all documents that these helpers complete. */
export const READER = { model: 'm1', reader_version: 'r1' };

/** Makes the payload of an upload. @param bytes its content hash, in place of a file */
export function uploadOf(
  id: string,
  bytes: string,
  on_duplicate: OnDuplicate = 'skip',
  other: Partial<JobPayload> = {},
): JobPayload {
  return { ...payload, file_key: `default/${id}`, content_hash: bytes, on_duplicate, ...other };
}

/** Enqueues an upload of {@link uploadOf}. @returns whether it completed at once with a document that exists */
export async function enqueue(id: string, ...asked: [string, OnDuplicate?, Partial<JobPayload>?]) {
  return enqueueBy(queue, id, uploadOf(id, ...asked));
}

/** Enqueues an upload by a given queue. Redis counts as recovered before. */
export async function enqueueBy(by: JobQueue, id: string, asked: JobPayload, tenant = 'default') {
  await recovered();
  await by.enqueue(id, tenant, asked);
  const result = (await redis.client.hget(keys.job(id), 'result')) ?? '{}';
  return { id, isDuplicate: (JSON.parse(result) as JobResult).duplicate === true };
}

/** Completes a claimed job with a document. @returns its id; `undefined` if the job was no longer held */
export async function complete(claimed: ClaimedJob, replaces?: string): Promise<string | undefined> {
  return completeBy(queue, claimed, replaces);
}

/** Completes a claimed job by a given queue, as {@link complete}. */
export async function completeBy(
  by: JobQueue,
  claimed: ClaimedJob,
  replaces?: string,
): Promise<string | undefined> {
  const { work, tenant } = claimed;
  if (!work.ok) throw new Error(work.detail);
  const { documentId, payload } = work;
  const reader = { model: READER.model, readerVersion: READER.reader_version, dimension: 3 };
  const fields = documentFields(payload, { id: documentId, tenant, ...reader, mediaType: undefined });
  const { collection } = payload;
  const document = { documentId, tenant, collection, chunkCount: 7, fields, replaces };
  return (await by.complete(claimed, document)) ? documentId : undefined;
}
