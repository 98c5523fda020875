import type { ChunkRequest, CutChunk, Segment } from '../../../src/contract/services/processor.ts';
import { cutChunks } from '../../../src/processor/chunkers/chunks.ts';

type Request = Partial<ChunkRequest> & { text: string };

/** A text's chunks, cut as by default unless the request says how. */
export function cut(request: Request): CutChunk[] {
  return [
    ...cutChunks({ strategy: 'sentence', chunk_size: 512, chunk_overlap: 50, segments: [], ...request }),
  ];
}

/** The texts of {@link cut}. */
export function texts(request: Request): string[] {
  return cut(request).map(({ text }) => text);
}

/** Segments that cover the text from its start, each on the next page. */
export function segmentsOf(text: string, cuts: number[]): Segment[] {
  const ends = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
    (a, b) => a - b,
  );
  return ends.map((end, index) => ({
    start: ends[index - 1] ?? 0,
    end,
    page: index + 1,
    heading: `H${index}`,
  }));
}
