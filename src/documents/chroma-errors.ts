import { ChromaClientError, ChromaConnectionError } from 'chromadb';

import { DependencyError, type FailureCode, type FailureKind } from '../errors.ts';

/** Error texts of Chroma 1.0.5 for an unreadable database or index. Jobs wait until an operator repairs it. */
const DAMAGED =
  /database disk image is malformed|file is not a database|hnsw segment reader|readonly database/;

/** Says what a failure of Chroma's client means for a job. */
export function explain(error: unknown): unknown {
  if (!(error instanceof Error) || !error.name.startsWith('Chroma')) return error;
  const failure = (kind: FailureKind, code: FailureCode, detail: string) =>
    new DependencyError(kind, code, detail, { cause: error });
  if (error instanceof ChromaConnectionError) {
    return failure('unreachable', 'vector_store_unavailable', 'The vector store cannot be reached.');
  }
  if (DAMAGED.test(error.message)) {
    const detail = "The vector store's data are damaged. Its operator has to repair them.";
    return failure('unreachable', 'vector_store_damaged', detail);
  }
  if (!(error instanceof ChromaClientError))
    return failure('transient', 'vector_store_failed', 'The vector store failed.');
  if (/dimension/i.test(error.message)) {
    const detail = 'The collection holds embeddings of another model. Use another collection, or that model.';
    return failure('permanent', 'embedding_mismatch', detail);
  }
  return failure('permanent', 'vector_store_refused', 'The vector store refused the request.');
}
