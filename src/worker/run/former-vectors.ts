import { textToEmbed } from '../../documents/chunk-record.ts';
import type { StoredDocument } from '../../documents/registry.ts';
import type { VectorStore } from '../../documents/vector-store.ts';

/** Chunks a read. Each comes with its vector: 250 of 512 numbers are 2 MB of JSON. */
const A_READ = 250;
/** Most chunks whose vectors are reused. They stay in memory for the job: 40 MB with 512 numbers each. */
const MOST_REUSED = 20_000;

/** Vectors of the chunks that a document has before it is replaced. */
export interface FormerVectors {
  model: string;
  /** By the text that was embedded. */
  byText: ReadonlyMap<string, Float32Array>;
}

/** Reads the vectors of a document's live generation. Equal texts of the same model have equal vectors. */
export async function readFormerVectors(
  { id: documentId, collection, generation, chunk_count, model }: StoredDocument,
  vectors: Pick<VectorStore, 'readEmbedded'>,
  signal: AbortSignal,
): Promise<FormerVectors> {
  const byText = new Map<string, Float32Array>();
  const count = Math.min(chunk_count, MOST_REUSED);
  for (let from = 0; from < count; from += A_READ) {
    const some = Math.min(A_READ, count - from);
    const found = await vectors.readEmbedded({ documentId, collection, generation }, from, some, signal);
    for (const { embedding, ...chunk } of found) byText.set(textToEmbed(chunk), Float32Array.from(embedding));
  }
  return { model, byText };
}
