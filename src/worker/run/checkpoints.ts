import { createHash } from 'node:crypto';
import * as v from 'valibot';

import { CountsSchema, type Counts } from '../../contract/job.ts';
import type { CutChunk, EmbedResponse } from '../../contract/services/processor.ts';
import { settingsOf } from '../../jobs/model/document-settings.ts';
import type { JobPayload } from '../../jobs/model/job-payload.ts';
import type { Logger } from '../../logging/logger.ts';
import type { CheckpointFolder } from '../../blobs/checkpoint-folder.ts';

const CUT = 'chunks';
const VECTORS = 'vectors-';
const OF_BATCH = new RegExp(`^${VECTORS}\\d+$`);

/** Result of parsing and chunking a document. The later stages need nothing else. */
export interface Cut {
  chunks: CutChunk[];
  /** Media type that the parser detected. */
  mediaType: string | undefined;
  /** Version of the reader. */
  readerVersion: string | undefined;
  pages: Omit<Counts, 'chunks_done' | 'chunks_total'> | undefined;
}

const CutHeader = v.object({
  of: v.string(),
  mediaType: v.optional(v.string()),
  readerVersion: v.optional(v.string()),
  pages: v.optional(v.omit(CountsSchema, ['chunks_done', 'chunks_total'])),
});
const VectorsHeader = v.object({ of: v.string(), model: v.string(), dimensions: v.number() });

/**
 * Keeps the finished work of a job's attempts for the next attempt. Each piece names its source by digest, and is valid
 * for no other. A failed read counts as absence, and a failed write is logged. Neither fails the job.
 */
export class Checkpoints {
  readonly #folder: CheckpointFolder;
  readonly #source: string;
  readonly #logger: Logger;
  #warned = false;
  #isLeftOut = false;

  constructor(folder: CheckpointFolder, payload: JobPayload, logger: Logger) {
    const { file_key, content_hash, filename, media_type } = payload;
    this.#folder = folder;
    this.#source = hashOf([file_key, content_hash, filename, media_type, settingsOf(payload)]);
    this.#logger = logger;
  }

  /** Reads the document's chunks, if an earlier attempt cut them. */
  async cut(): Promise<Cut | undefined> {
    const found = await this.#folder.read(CUT);
    const header = v.safeParse(CutHeader, found?.header);
    if (!found || !header.success || header.output.of !== this.#source) return undefined;
    const { mediaType, readerVersion, pages } = header.output;
    try {
      const chunks = JSON.parse(found.body.toString()) as CutChunk[];
      return { chunks, mediaType, readerVersion, pages };
    } catch {
      return undefined;
    }
  }

  /** Keeps the chunks. @returns whether they are kept */
  async keepCut({ chunks, ...rest }: Cut): Promise<boolean> {
    return this.#keep(async () => {
      await this.#folder.make();
      await this.#folder.write(CUT, { of: this.#source, ...rest }, Buffer.from(JSON.stringify(chunks)));
    });
  }

  /** Turns the checkpoints of vectors off, because the document is small. */
  leaveOut(): void {
    this.#isLeftOut = true;
  }

  /** Lists the batches that have vectors, by file name. {@link vectors} checks them. */
  async embedded(): Promise<Set<number>> {
    if (this.#isLeftOut) return new Set();
    const names = await this.#folder.names();
    return new Set(
      names.filter((name) => OF_BATCH.test(name)).map((name) => Number(name.slice(VECTORS.length))),
    );
  }

  /** Reads a batch's vectors, if an earlier attempt embedded exactly these texts. */
  async vectors(batch: number, texts: readonly string[]): Promise<EmbedResponse | undefined> {
    if (this.#isLeftOut) return undefined;
    const found = await this.#folder.read(VECTORS + batch);
    const header = v.safeParse(VectorsHeader, found?.header);
    if (!found || !header.success || header.output.of !== hashOf(texts)) return undefined;
    const { model, dimensions } = header.output;
    // Copies the bytes, because they begin where the header ends, and numbers must be aligned.
    const numbers = new Float32Array(new Uint8Array(found.body).buffer);
    if (numbers.length !== texts.length * dimensions) return undefined;
    const embeddings = texts.map((_, i) =>
      Array.from(numbers.subarray(i * dimensions, (i + 1) * dimensions)),
    );
    return { model, dimensions, embeddings };
  }

  /** Keeps a batch's vectors. @returns whether they are kept */
  async keepVectors(batch: number, texts: readonly string[], response: EmbedResponse): Promise<boolean> {
    if (this.#isLeftOut) return false;
    const { embeddings, model, dimensions } = response;
    const header = { of: hashOf(texts), model, dimensions };
    return this.#keep(async () => {
      const numbers = new Float32Array(texts.length * dimensions);
      for (const [i, vector] of embeddings.entries()) numbers.set(vector, i * dimensions);
      await this.#folder.write(VECTORS + batch, header, new Uint8Array(numbers.buffer));
    });
  }

  /** Deletes all vectors, because they come from another model. */
  async dropVectors(): Promise<void> {
    const batches = await this.embedded();
    await this.#keep(async () => {
      await Promise.all([...batches].map((batch) => this.#folder.drop(VECTORS + batch)));
    });
  }

  /** Logs only the first failure, because a full disk fails every batch of a document. */
  async #keep(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (!this.#warned) this.#logger.warn('a checkpoint could not be written', { error });
      this.#warned = true;
      return false;
    }
  }
}

function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
