import { useSluice } from '../app/sluice-context.ts';
import { useRequest, type Requested } from '../state/use-request.ts';
import type { Chunk } from '../../src/contract/documents.ts';

/** Reads a chunk of a document. @param chunk its index; `undefined` for none */
export function usePassage(id: string, chunk: number | undefined): Requested<Chunk | undefined> {
  const sluice = useSluice();
  return useRequest(chunk === undefined ? undefined : `passage ${id} ${chunk}`, async (signal) => {
    const { chunks } = await sluice.chunks(id, { from: chunk ?? 0, limit: 1 }, { signal });
    return chunks[0];
  });
}
