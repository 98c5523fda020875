import type { CutChunk, ParseResponse } from '../contract/processor.ts';
import { documentFields } from '../documents/registry.ts';
import type { VectorStore } from '../documents/vector-store.ts';
import type { ClaimedJob, CompletedDocument } from '../jobs/job-queue.ts';
import { parsePayload, type JobPayload } from '../jobs/job-payload.ts';
import type { Logger } from '../logger.ts';
import type { ProcessorClient } from '../processor-client.ts';
import { DEFAULT_TENANT } from '../redis/keys.ts';
import type { BlobStore } from '../uploads/blob-store.ts';
import { embedAndStore } from './embed-and-store.ts';
import { PatientCaller } from './patient-caller.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import { PermanentJobError } from './retry-policy.ts';

export interface PipelineServices {
  blobs: BlobStore;
  processor: ProcessorClient;
  vectors: VectorStore;
  logger: Logger;
}

/**
 * Takes one job through parse, chunk, embed and store, reporting the documented marks.
 * @returns what `complete` is to register; until that has happened nothing of the work is visible
 * @throws whatever {@link judge} classifies, or the signal's reason when aborted
 */
export async function runPipeline(
  job: ClaimedJob,
  services: PipelineServices,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<CompletedDocument> {
  const read = parsePayload(job.hash['payload']);
  if (!read.ok) throw new PermanentJobError('invalid_payload', read.detail);
  const { payload } = read;
  const tenant = job.hash['tenant'] ?? DEFAULT_TENANT;
  const documentId = payload.document_id ?? job.id;
  const caller = new PatientCaller(signal, services.logger);

  await progress.mark('parse', 10, 'Parsing document...');
  const parsed = await parse(payload, services, caller, progress, signal);
  caller.checkpoint();
  await progress.mark('parse', 30, 'Document parsed');

  await progress.mark('chunk', 30, 'Chunking text...');
  const chunks = await chunk(payload, parsed, services, caller, signal);
  caller.checkpoint();
  await progress.mark('chunk', 60, `Created ${chunks.length} chunks`, {
    chunks_done: 0,
    chunks_total: chunks.length,
  });

  const origin = {
    collection: payload.collection,
    documentId,
    generation: job.token,
    filename: payload.filename,
    contentHash: payload.content_hash,
    metadata: payload.metadata,
  };
  const model = await embedAndStore(chunks, origin, services, caller, progress, signal);

  const { filename, file_size, content_hash, file_key, metadata, collection } = payload;
  // What the parser found it to be is truer than what the client declared.
  const media_type = detectedType(parsed) ?? payload.media_type;
  const size = file_size ?? 0;
  const document = {
    id: documentId,
    filename,
    collection,
    media_type,
    size,
    content_hash,
    metadata,
    model,
    tenant,
    file_key,
  };
  return { documentId, tenant, collection, chunkCount: chunks.length, fields: documentFields(document) };
}

function detectedType({ metadata }: ParseResponse): string | undefined {
  const type = metadata['media_type'];
  return typeof type === 'string' ? type : undefined;
}

async function parse(
  payload: JobPayload,
  { processor, blobs }: PipelineServices,
  caller: PatientCaller,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<ParseResponse> {
  const source = {
    filename: payload.filename,
    mediaType: payload.media_type,
    open: () => blobs.read(payload.file_key),
  };
  const parsed = await caller.untilAnswered(() =>
    processor.parse(source, signal, (pages_done, pages_total) => {
      const part = pages_total > 0 ? pages_done / pages_total : 0;
      progress.move(10 + 20 * part, { pages_done, pages_total });
    }),
  );
  if (parsed.text.trim() === '') throw new PermanentJobError('no_text', 'The file contains no text.');
  return parsed;
}

async function chunk(
  payload: JobPayload,
  { text, segments }: ParseResponse,
  { processor }: PipelineServices,
  caller: PatientCaller,
  signal: AbortSignal,
): Promise<CutChunk[]> {
  const { chunking_strategy: strategy, chunk_size, chunk_overlap } = payload;
  const { chunks } = await caller.untilAnswered(() =>
    processor.chunk({ text, strategy, chunk_size, chunk_overlap, segments }, signal),
  );
  if (chunks.length === 0) throw new PermanentJobError('no_text', 'The file contains no text.');
  return chunks;
}
