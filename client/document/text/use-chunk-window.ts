import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { useSluice } from '../../app/sluice-context.ts';
import type { SluiceError } from '../../sdk/sluice.ts';
import type { Chunk } from '../../../src/contract/documents.ts';
import { useKeptPlace } from './use-kept-place.ts';

/** Number of chunks of a request. They fill several screens. */
const PAGE = 60;
/** Number of chunks to load before the opened one. */
const LEAD = 15;
/** Most chunks to keep. More would make the page slow: a long book has thousands. */
const MOST_KEPT = 480;

/** Chunks in a row, around a place in a document. */
export interface ChunkWindow {
  /** Index of the first chunk, and of the one after the last. */
  first: number;
  end: number;
  chunks: readonly Chunk[];
}

export interface LoadedChunks {
  loaded: ChunkWindow | undefined;
  problem: SluiceError | undefined;
  /** Loads more chunks at one end, and drops those far from it. */
  extend: (direction: 'before' | 'after') => void;
  /** Tries again after a problem. */
  retry: () => void;
}

/**
 * Loads the chunks around an index, and more on demand.
 * @param count number of all chunks of the document
 * @param content element that shows them. Its visible part keeps its place
 */
export function useChunkWindow(
  id: string,
  count: number,
  index: number,
  content: RefObject<HTMLElement | null>,
): LoadedChunks {
  const sluice = useSluice();
  const [loaded, setLoaded] = useState<ChunkWindow>();
  const [problem, setProblem] = useState<SluiceError>();
  const [turn, setTurn] = useState(0);
  const latest = useRef(loaded);
  latest.current = loaded;
  const keepPlace = useKeptPlace(content, loaded);
  const aborter = useRef<AbortController | undefined>(undefined);

  /** Reads chunks instead of a request under way. @returns `undefined` if another request replaced this one */
  const read = useCallback(
    async (first: number, end: number): Promise<readonly Chunk[] | undefined> => {
      aborter.current?.abort();
      const { signal } = (aborter.current = new AbortController());
      try {
        const { chunks } = await sluice.chunks(id, { from: first, limit: end - first }, { signal });
        if (signal.aborted) return undefined;
        aborter.current = undefined;
        setProblem(undefined);
        return chunks;
      } catch (error) {
        if (!signal.aborted) {
          aborter.current = undefined;
          setProblem(error as SluiceError);
        }
        return undefined;
      }
    },
    [sluice, id],
  );

  useEffect(() => {
    const { current } = latest;
    if (current && index >= current.first && index < current.end) return;
    const first = Math.max(0, index - LEAD);
    const end = Math.min(count, first + PAGE);
    if (end <= first) return setLoaded({ first: 0, end: 0, chunks: [] });
    void read(first, end).then((chunks) => chunks && setLoaded({ first, end, chunks }));
  }, [index, count, turn, read]);
  useEffect(() => () => aborter.current?.abort(), []);

  const extend = useCallback(
    (direction: 'before' | 'after') => {
      const { current } = latest;
      if (!current || aborter.current) return;
      const isBefore = direction === 'before';
      const first = isBefore ? Math.max(0, current.first - PAGE) : current.end;
      const end = isBefore ? current.first : Math.min(count, current.end + PAGE);
      if (end <= first) return;
      void read(first, end).then((chunks) => {
        if (!chunks) return;
        keepPlace();
        const all = isBefore ? [...chunks, ...current.chunks] : [...current.chunks, ...chunks];
        const bounds = { first: Math.min(first, current.first), end: Math.max(end, current.end) };
        setLoaded(cut({ ...bounds, chunks: all }, direction));
      });
    },
    [count, read],
  );
  const retry = useCallback(() => {
    setProblem(undefined);
    setTurn((turn) => turn + 1);
  }, []);
  return { loaded, problem, extend, retry };
}

/** Drops chunks at the end that is far from the user. */
function cut({ first, end, chunks }: ChunkWindow, direction: 'before' | 'after'): ChunkWindow {
  const spare = end - first - MOST_KEPT;
  if (spare <= 0) return { first, end, chunks };
  const next = direction === 'before' ? { first, end: end - spare } : { first: first + spare, end };
  // The store may have lost chunks, so that their number does not tell their indices.
  return { ...next, chunks: chunks.filter(({ chunk_index: i }) => i >= next.first && i < next.end) };
}
