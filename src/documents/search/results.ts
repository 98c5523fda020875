import type { Chunk } from '../../contract/documents.ts';
import type { SearchRequest, SearchResult } from '../../contract/search.ts';
import { chunkId } from '../chunk-record.ts';
import type { VectorStore } from '../vector-store.ts';
import type { FoundChunk } from './found-chunk.ts';
import { idOf, type RankedHit } from './hit.ts';
import { matchesOf, type FindMatches } from './matched-words.ts';

/** Hits beyond the limit whose chunks are read at once, because some may hold the same passage. */
const SPARE = 10;

/** A hit with its chunk. */
export interface FoundHit extends RankedHit {
  chunk: FoundChunk;
}

/** The hits of the results. */
export interface ChosenHits {
  chosen: FoundHit[];
  /** Hits that Chroma does not have. Their document was replaced or deleted meanwhile, or Chroma has lost them. */
  gone: number;
}

/** Chooses the best hits, at most `limit`. A passage that several documents hold, such as a letterhead, comes once. */
export async function chooseHits(
  ranked: readonly RankedHit[],
  { collection, limit, min_score: least = -Infinity }: SearchRequest,
  { vectors }: { vectors: Pick<VectorStore, 'find'> },
  signal: AbortSignal,
): Promise<ChosenHits> {
  const wanted = ranked.filter(({ score }) => score >= least);
  const passages = new Set<string>();
  const chosen: FoundHit[] = [];
  let gone = 0;
  const size = limit + SPARE;
  for (let from = 0; from < wanted.length && chosen.length < limit; from += size) {
    const page = wanted.slice(from, from + size);
    const found = await withChunks(page, collection, vectors, signal);
    gone += page.length - found.length;
    for (const hit of found) {
      if (chosen.length === limit || passages.has(hit.chunk.text)) continue;
      passages.add(hit.chunk.text);
      chosen.push(hit);
    }
  }
  return { chosen, gone };
}

/** Makes the results of hits, with their matched words and neighbours. */
export async function toResults(
  hits: readonly FoundHit[],
  request: SearchRequest,
  { vectors }: { vectors: Pick<VectorStore, 'find'> },
  signal: AbortSignal,
): Promise<SearchResult[]> {
  const neighbours = await readNeighbours(hits, request, vectors, signal);
  const findMatches = matchesOf(request.query);
  return hits.map((hit, i) => ({ ...toResult(hit, findMatches), ...neighbours[i] }));
}

/** Reads the chunks of hits, unless a filter has read them. It leaves out a hit that Chroma does not have. */
async function withChunks(
  hits: readonly RankedHit[],
  collection: string,
  vectors: Pick<VectorStore, 'find'>,
  signal: AbortSignal,
): Promise<FoundHit[]> {
  const bare = hits.filter(({ chunk }) => !chunk).map(idOf);
  const read = await vectors.find(collection, bare, undefined, signal);
  return hits.flatMap((hit) => {
    const chunk = hit.chunk ?? read.get(idOf(hit));
    return chunk ? [{ ...hit, chunk }] : [];
  });
}

/** Reads the neighbours of hits in their documents, as many on each side as the request asks for. */
async function readNeighbours(
  hits: readonly FoundHit[],
  { context: count, collection }: SearchRequest,
  vectors: Pick<VectorStore, 'find'>,
  signal: AbortSignal,
): Promise<Pick<SearchResult, 'before' | 'after'>[]> {
  if (count === 0) return [];
  const idsOf = ({ documentId, generation, index }: FoundHit, from: number) =>
    Array.from({ length: count }, (_, i) => chunkId(documentId, generation, index + from + i));
  const sides = hits.map((hit) => ({ before: idsOf(hit, -count), after: idsOf(hit, 1) }));
  const ids = [...new Set(sides.flatMap(({ before, after }) => [...before, ...after]))];
  const read = await vectors.find(collection, ids, undefined, signal);
  const present = (side: string[]) => side.flatMap((id) => toNeighbour(read.get(id)) ?? []);
  return sides.map(({ before, after }) => ({ before: present(before), after: present(after) }));
}

function toNeighbour(chunk: FoundChunk | undefined): Chunk | undefined {
  if (!chunk) return undefined;
  const { documentId: _, generation: __, filename: ___, ...rest } = chunk;
  return rest;
}

function toResult(hit: FoundHit, findMatches: FindMatches): SearchResult {
  const { score, vectorScore, keywordScore, chunk } = hit;
  const { text, documentId, filename, page, heading, ocr, context, start, end, chunk_index } = chunk;
  return {
    text,
    score,
    vector_score: vectorScore,
    keyword_score: keywordScore,
    matches: findMatches(text),
    document_id: documentId,
    filename,
    page,
    heading,
    ocr,
    context,
    start,
    end,
    chunk_index,
  };
}
