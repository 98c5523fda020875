import { ChromaClientError, ChromaConnectionError } from 'chromadb';

import { DependencyError } from '../errors.ts';

/** Error texts of Chroma 1.0.5 for an unreadable database or index. Jobs wait until an operator repairs it. */
const DAMAGED =
  /database disk image is malformed|file is not a database|hnsw segment reader|readonly database/;

/** Says what a failure of Chroma's client means for a job. */
export function explain(error: unknown): unknown {
  const cause = { cause: error };
  if (error instanceof ChromaConnectionError) {
    return new DependencyError(
      'unreachable',
      'vector_store_unavailable',
      'The vector store cannot be reached.',
      cause,
    );
  }
  if (error instanceof Error && error.name.startsWith('Chroma') && DAMAGED.test(error.message)) {
    const detail = "The vector store's data are damaged. Its operator has to repair them.";
    return new DependencyError('unreachable', 'vector_store_damaged', detail, cause);
  }
  if (error instanceof ChromaClientError && /dimension/i.test(error.message)) {
    const detail = 'The collection holds embeddings of another model. Use another collection, or that model.';
    return new DependencyError('permanent', 'embedding_mismatch', detail, cause);
  }
  if (error instanceof ChromaClientError) {
    return new DependencyError(
      'permanent',
      'vector_store_refused',
      'The vector store refused the request.',
      cause,
    );
  }
  if (error instanceof Error && error.name.startsWith('Chroma')) {
    return new DependencyError('transient', 'vector_store_failed', 'The vector store failed.', cause);
  }
  return error;
}
