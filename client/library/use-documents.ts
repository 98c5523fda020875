import { useSluice } from '../app/sluice-context.ts';
import type { DocumentQuery } from '../sdk/api.ts';
import type { Sluice } from '../sdk/sluice.ts';
import { useRequest, type Requested } from '../state/use-request.ts';
import type { DocumentList } from '../../src/contract/documents.ts';

/** Largest page that the server sends. */
const LARGEST_PAGE = 1000;
/** Most requests of one read. A filter may match nothing in thousands of documents, and the user then asks for more. */
const MOST_READS = 10;

/**
 * Reads the first `wanted` documents. A reload reads as many again, so that a long list keeps its place.
 * @param filter `undefined` for no read
 */
export function useDocuments(filter: DocumentQuery | undefined, wanted: number): Requested<DocumentList> {
  const sluice = useSluice();
  return useRequest(filter && JSON.stringify(filter), (signal) =>
    readDocuments(sluice, filter ?? {}, wanted, signal),
  );
}

async function readDocuments(
  sluice: Sluice,
  filter: DocumentQuery,
  wanted: number,
  signal: AbortSignal,
): Promise<DocumentList> {
  const pageOf = (count: number) => ({ ...filter, limit: Math.min(count, LARGEST_PAGE) });
  let list = await sluice.documents({ ...pageOf(wanted), total: true }, { signal });
  // Only the first page is counted.
  const { documents: _, next_cursor: __, ...counts } = list;
  for (let reads = 1; reads < MOST_READS; reads++) {
    const { documents, next_cursor: cursor } = list;
    if (cursor === undefined || documents.length >= wanted) break;
    const next = await sluice.documents({ ...pageOf(wanted - documents.length), cursor }, { signal });
    list = { ...counts, ...next, documents: [...documents, ...next.documents] };
  }
  return list;
}
