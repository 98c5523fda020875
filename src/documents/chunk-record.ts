import type { Chunk } from '../contract/documents.ts';
import type { CutChunk } from '../contract/services/processor.ts';
import type { Metadata } from '../contract/upload.ts';
import type { Generation } from '../jobs/model/generation.ts';
import { wellFormed } from '../well-formed.ts';

/** Data that all chunks of a document share. */
export interface ChunkOrigin extends Generation {
  filename: string;
  contentHash: string | undefined;
  metadata: Metadata;
}

/** A chunk with its place in the document, ready to be stored. */
export interface EmbeddedChunk extends CutChunk {
  index: number;
  embedding: number[];
}

/** Builds the id under which a chunk is stored. */
export function chunkId(documentId: string, generation: string, index: number): string {
  return `${generationName(documentId, generation)}:${index}`;
}

/** Builds the name of a generation. The ids of its chunks begin with it. */
export function generationName(documentId: string, generation: string): string {
  return `${documentId}:${generation}`;
}

/** Returns the name of a chunk's generation. */
export function generationNameOf(chunkId: string): string {
  return chunkId.slice(0, chunkId.lastIndexOf(':'));
}

/** Returns what a chunk's id says; `undefined` for the id of another program's record. */
export function parseChunkId(
  id: string,
): { documentId: string; generation: string; index: number } | undefined {
  const [, documentId, generation, index] = /^(.+):([^:]+):(\d{1,15})$/s.exec(id) ?? [];
  return documentId && generation ? { documentId, generation, index: Number(index) } : undefined;
}

/** A document's generation and its expected number of chunks. */
export interface CountedGeneration {
  /** Id of the document. */
  id: string;
  generation: string;
  chunkCount: number;
}

/** Generates the ids of all chunks that these generations must have, in pages of `size` ids. */
export function* chunkIds(generations: readonly CountedGeneration[], size: number): Generator<string[]> {
  let page: string[] = [];
  for (const { id, generation, chunkCount } of generations) {
    for (let index = 0; index < chunkCount; index++) {
      if (page.push(chunkId(id, generation, index)) < size) continue;
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/** Lists the generations in chunk ids, each once. It leaves out foreign ids. */
export function generationsOf(collection: string, ids: readonly string[]): Generation[] {
  const names = new Set(ids.map(generationNameOf));
  return [...names].flatMap((name) => {
    const [, documentId, generation] = /^(.+):([^:]+)$/.exec(name) ?? [];
    return documentId && generation ? [{ collection, documentId, generation }] : [];
  });
}

export type ChromaMetadata = Record<string, unknown>;

/** Names of our own metadata. An owner's entry of such a name is left out, because it would pass for ours. */
export const OURS = new Set([
  'document_id',
  'generation',
  'chunk_index',
  'filename',
  'start',
  'end',
  'content_hash',
  'page',
  'heading',
  'ocr',
  'context',
  '_node_content',
  '_node_type',
]);

/** Makes the metadata that Chroma stores with a chunk. */
export function toMetadata(origin: ChunkOrigin, chunk: EmbeddedChunk) {
  return {
    ...Object.fromEntries(Object.entries(origin.metadata).filter(([name]) => !OURS.has(name))),
    document_id: origin.documentId,
    generation: origin.generation,
    chunk_index: chunk.index,
    filename: wellFormed(origin.filename),
    start: chunk.start,
    end: chunk.end,
    ...(origin.contentHash !== undefined && { content_hash: origin.contentHash }),
    ...(chunk.page !== undefined && { page: chunk.page }),
    ...(chunk.heading !== undefined && { heading: wellFormed(chunk.heading) }),
    ...(chunk.ocr && { ocr: true }),
    ...(chunk.context !== undefined && { context: wellFormed(chunk.context) }),
    _node_content: nodeContent(origin, chunk.index),
    _node_type: 'TextNode',
  };
}

/**
 * Makes the entry without which LlamaIndex.TS refuses a chunk. It takes the text and all else from the record itself. This
 * relationship has the name of LlamaIndex.TS. LlamaIndex for Python does not know it, and then takes the whole record, too.
 */
function nodeContent({ documentId, generation }: Generation, index: number): string {
  const id_ = chunkId(documentId, generation, index);
  return JSON.stringify({ id_, relationships: { SOURCE: { nodeId: documentId, metadata: {} } } });
}

/** Chunks of one document, ready to be stored. */
export interface ChunkWrite {
  origin: ChunkOrigin;
  batch: readonly EmbeddedChunk[];
}

/** Makes the columns of Chroma's upsert. */
export function toRecords(writes: readonly ChunkWrite[]) {
  const chunks = writes.flatMap(({ origin, batch }) => batch.map((chunk) => ({ origin, chunk })));
  return {
    ids: chunks.map(({ origin, chunk }) => chunkId(origin.documentId, origin.generation, chunk.index)),
    embeddings: chunks.map(({ chunk }) => chunk.embedding),
    documents: chunks.map(({ chunk }) => chunk.text),
    metadatas: chunks.map(({ origin, chunk }) => toMetadata(origin, chunk)),
  };
}

/** A metadata value as text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A chunk as the API shows it. */
export function toChunk(id: string, text: string, metadata: ChromaMetadata): Chunk {
  const { page, heading, ocr, context } = metadata;
  return {
    id,
    chunk_index: Number(metadata['chunk_index'] ?? 0),
    text,
    start: Number(metadata['start'] ?? 0),
    end: Number(metadata['end'] ?? 0),
    page: typeof page === 'number' ? page : undefined,
    heading: typeof heading === 'string' ? heading : undefined,
    ocr: ocr === true ? true : undefined,
    context: typeof context === 'string' ? context : undefined,
  };
}

/** Returns a chunk's text after its context, because a table's rows mean little without their header. */
export function textToEmbed({ text, context }: Pick<CutChunk, 'text' | 'context'>): string {
  return context === undefined ? text : `${context}\n${text}`;
}
