import type { CutChunk, ParseResponse } from '../../contract/services/processor.ts';
import type { CollectionModels } from '../../documents/collections/collection-models.ts';
import { documentFields, type DocumentRegistry } from '../../documents/registry.ts';
import type { ChunkStores } from '../../documents/chunk-stores.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { CompletedDocument } from '../../jobs/transitions/job-reports.ts';
import type { JobPayload } from '../../jobs/model/job-payload.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { OnPages } from '../../processor-client/responses.ts';
import { openOriginal, suspectingStore, type StoreProver } from '../../blobs/open-original.ts';
import type { Availability } from '../claim/availability.ts';
import { Checkpoints, type Cut } from './checkpoints.ts';
import type { EmbedBatcher } from './embed-batcher.ts';
import { embedAndStore, type EmbedServices } from './embed-and-store.ts';
import { readFormerVectors } from './former-vectors.ts';
import { keepTarget } from './keep-target.ts';
import type { KeptLease } from '../claim/lease-keeper.ts';
import { RetryingCaller } from './retrying-caller.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import { GiveBackError, PermanentJobError } from './retry-policy.ts';

/** Delay before the second look for a missing file, in ms. A network file system may show another machine's file late. */
const SECOND_LOOK_MS = 2000;
/** Largest document without a checkpoint, in bytes and in chunks. The bundled model embeds 16 chunks of 140 tokens in 0.6 s. */
const SMALL_BYTES = 1024 * 1024;
const SMALL_CHUNKS = 16;

export interface PipelineServices {
  blobs: BlobStore;
  processor: ProcessorClient;
  embeds: EmbedBatcher;
  chunks: EmbedServices['stores'] & Pick<ChunkStores, 'countChunks'>;
  vectors: Pick<VectorStore, 'readEmbedded'>;
  registry: Pick<DocumentRegistry, 'read'>;
  models: CollectionModels;
  lease: Pick<KeptLease, 'lapsed'>;
  installation: StoreProver;
  availability: Availability;
  /** Lets another job take this one's slot. */
  freeSlot: () => void;
  logger: Logger;
}

/** One run of the pipeline. */
interface Attempt extends PipelineServices {
  payload: JobPayload;
  caller: RetryingCaller;
  checkpoints: Checkpoints;
  progress: ProgressReporter;
  signal: AbortSignal;
}

/**
 * Takes one job through parse, chunk, embed and store, and reports the documented marks.
 * @returns the document for `complete` to register, and whether it may have a checkpoint. Its chunks are invisible until then.
 * @throws errors for {@link decideRetry} to classify, or the signal's reason when aborted
 */
export async function runPipeline(
  job: ClaimedJob,
  shared: PipelineServices,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<{ document: CompletedDocument; hasCheckpoint: boolean }> {
  const { work, tenant } = job;
  if (!work.ok) throw new PermanentJobError('invalid_payload', work.detail);
  const { payload, documentId } = work;
  const { availability, blobs, lease, logger, models } = shared;
  const { collection } = payload;
  const processor = shared.processor.forDocument(documentId, job.id);
  const caller = new RetryingCaller(availability, progress, logger);
  const checkpoints = new Checkpoints(blobs.checkpoint(payload.file_key), payload, logger);
  const attempt = { ...shared, payload, processor, caller, checkpoints, progress, signal };
  // Comes first, because parsing a document that its collection does not take is wasted work.
  const reembed = await caller.retryWhileUnavailable(signal, () =>
    models.ensureTakesPresent(tenant, collection, signal),
  );
  if (!isUntouched(job, payload))
    await suspectingStore(shared.installation, async () =>
      keepTarget(payload, await originalOf(attempt), blobs),
    );
  const mayHaveWork = !isUntouched(job, payload) || (payload.file_size ?? Infinity) > SMALL_BYTES;
  const cut = await parseAndChunk(attempt, mayHaveWork ? await checkpoints.cut() : undefined);
  const { chunks } = cut;
  const small = isSmall(payload, chunks);

  const origin = {
    collection,
    documentId,
    generation: job.token,
    filename: payload.filename,
    contentHash: payload.content_hash,
    metadata: payload.metadata,
  };
  const model = await embedAndStore(
    chunks,
    origin,
    {
      ...attempt,
      processor: small ? attempt.embeds.sharedBy(processor) : processor,
      stores: small ? storesWithoutSlot(attempt) : attempt.chunks,
      former: formerOf(attempt),
      // The processor may have changed its model since the first look.
      ensureTaken: (embeddingModel) => models.ensureTakes(tenant, collection, embeddingModel, signal),
    },
    caller,
    progress,
    signal,
  );
  if (lease.lapsed) {
    // A cleanup may have deleted chunks, and Redis may have gone back to before it.
    const count = () => shared.chunks.countChunks(origin, signal);
    const { least } = await caller.retryWhileUnavailable(signal, count);
    if (least < chunks.length)
      throw new GiveBackError('a cleanup deleted chunks that were stored before the lease ended');
  }

  const { replaces_generation: replaces } = payload;
  const { name, dimensions } = model;
  const made = { id: documentId, tenant, model: name, dimension: dimensions, ...cut };
  const fields = documentFields(payload, made);
  const document = { documentId, tenant, collection, chunkCount: chunks.length, replaces, reembed, fields };
  return { document, hasCheckpoint: mayHaveWork || !small };
}

/** Returns whether the files of a job are still as its upload wrote them. */
export function isUntouched({ isFirst }: ClaimedJob, { document_id }: JobPayload): boolean {
  return isFirst && document_id === undefined;
}

/** Makes a small document wait for its stores without a slot, because the wait costs neither memory nor the processor. */
function storesWithoutSlot({ chunks, freeSlot }: PipelineServices): EmbedServices['stores'] {
  return {
    upsert(...write) {
      freeSlot();
      return chunks.upsert(...write);
    },
  };
}

/** Reads the key of the original that the job replaces; `undefined` for a new document. */
async function originalOf({ payload: { document_id: id }, registry }: Attempt): Promise<string | undefined> {
  return id === undefined ? undefined : (await registry.read([id]))[0]?.file_key;
}

/** Returns a reader of the vectors of the document that an upload replaces; `undefined` for a new document. */
function formerOf({ payload, registry, vectors, signal }: Attempt) {
  const { on_duplicate, document_id: id } = payload;
  if (on_duplicate !== 'replace' || id === undefined) return undefined;
  return async () => {
    const [document] = await registry.read([id]);
    return document && readFormerVectors(document, vectors, signal);
  };
}

/** Reports the marks of both stages. An earlier attempt may have done the work between them. */
async function parseAndChunk(attempt: Attempt, kept: Cut | undefined): Promise<Cut> {
  const { caller, checkpoints, progress, signal } = attempt;
  progress.mark('parse', 10, 'Parsing document...');
  const parsed = kept ?? (await parse(attempt));
  caller.checkpoint();
  progress.mark('parse', 30, 'Document parsed', parsed.pages);

  progress.mark('chunk', 30, 'Chunking text...');
  const chunks = parsed.chunks ?? (await chunk(parsed as Parsed, attempt));
  caller.checkpoint();
  progress.mark('chunk', 60, `Created ${chunks.length} chunks`, {
    chunks_done: 0,
    chunks_total: chunks.length,
  });
  const { mediaType, readerVersion, pages } = parsed;
  const cut = { chunks, mediaType, readerVersion, pages };
  if (!kept && isSmall(attempt.payload, chunks)) {
    checkpoints.leaveOut();
  } else if (!kept) {
    // Only the job's holder may begin a checkpoint, and the reply to the mark says who holds it.
    await progress.settled();
    signal.throwIfAborted();
    await checkpoints.keepCut(cut);
  }
  return cut;
}

/** Returns whether a checkpoint of a document costs more than it saves. */
function isSmall({ file_size }: JobPayload, chunks: readonly CutChunk[]): boolean {
  return (file_size ?? Infinity) <= SMALL_BYTES && chunks.length <= SMALL_CHUNKS;
}

/** Input of the cut. `chunks` are present if the service cut the text in the same call. */
type Parsed = Pick<ParseResponse, 'text' | 'segments'> &
  Omit<Cut, 'chunks'> & { chunks: CutChunk[] | undefined };

async function parse({
  payload,
  processor,
  blobs,
  installation,
  caller,
  progress,
  signal,
}: Attempt): Promise<Parsed> {
  const source = {
    filename: payload.filename,
    mediaType: payload.media_type,
    open: () => {
      const expected = { size: payload.file_size, contentHash: payload.content_hash };
      const read = () => blobs.read(payload.file_key, expected);
      return openOriginal(installation, read, SECOND_LOOK_MS, signal);
    },
  };
  let pages: Cut['pages'];
  const onPages: OnPages = (pages_done, pages_total, ocr) => {
    pages = { ...pages, pages_done, pages_total, ...ocr };
    progress.move(10 + (pages_total > 0 ? (20 * pages_done) / pages_total : 0), pages);
  };
  const { chunking_strategy: strategy, chunk_size, chunk_overlap } = payload;
  const cut = { strategy, chunk_size, chunk_overlap };
  const { include_hidden: includeHidden } = payload;
  const { text, segments, metadata, chunks } = await caller.retryWhileUnavailable(signal, () =>
    suspectingStore(installation, () => processor.parse(source, signal, onPages, { cut, includeHidden })),
  );
  if (text.trim() === '') throw new PermanentJobError('no_text', 'The file contains no text.');
  const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const { media_type, reader_version } = metadata;
  for (const name of ['pages_unread', 'hidden_left_out'] as const) {
    const count = metadata[name];
    if (typeof count === 'number' && Number.isSafeInteger(count) && count > 0)
      pages = { ...pages, [name]: count };
  }
  const versions = { mediaType: textOf(media_type), readerVersion: textOf(reader_version) };
  return { text, segments, chunks, ...versions, pages };
}

async function chunk(
  { text, segments }: Parsed,
  { payload, processor, caller, signal }: Attempt,
): Promise<CutChunk[]> {
  const { chunking_strategy: strategy, chunk_size, chunk_overlap } = payload;
  const { chunks } = await caller.retryWhileUnavailable(signal, () =>
    processor.chunk({ text, strategy, chunk_size, chunk_overlap, segments }, signal),
  );
  if (chunks.length === 0) throw new PermanentJobError('no_text', 'The file contains no text.');
  return chunks;
}
