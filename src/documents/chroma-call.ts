import { ChromaClient, ChromaNotFoundError, type Collection } from 'chromadb';

import { DependencyError } from '../errors.ts';
import type { ChromaCall } from '../installation/chroma-identity.ts';
import { explain } from './chroma-errors.ts';
import { formerName, nextName } from './reembed/collection-names.ts';

/** Timeout of one call to Chroma, in ms. Chroma may still carry out a write after it. */
export const CHROMA_TIMEOUT_MS = 30_000;

/**
 * Makes calls to Chroma. They throw {@link DependencyError}, or the signal's reason when it was aborted.
 * @param url Chroma's base URL; its default tenant and database are used
 */
export function chromaCall(url: string): ChromaCall {
  const { hostname, port, protocol } = new URL(url);
  const ssl = protocol === 'https:';
  return async (signal, work) => {
    signal.throwIfAborted();
    const timeout = AbortSignal.timeout(CHROMA_TIMEOUT_MS);
    // Makes a client per call, because chromadb aborts calls only through the client's options. A client is a few
    // objects.
    const client = new ChromaClient({
      host: hostname,
      port: Number(port) || (ssl ? 443 : 80),
      ssl,
      tenant: 'default_tenant',
      database: 'default_database',
      fetchOptions: { signal: AbortSignal.any([signal, timeout]) },
    });
    try {
      return await work(client);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (timeout.aborted) {
        const detail = `Vector store timeout after ${CHROMA_TIMEOUT_MS / 1000}s`;
        throw new DependencyError('transient', 'vector_store_timeout', detail, { cause: error });
      }
      throw explain(error);
    }
  };
}

/**
 * Finds the collection of a name; `undefined` for none. While a reembed job switches names, finds the next collection.
 * Otherwise finds a former one that Chroma renamed after its job had ended, until a sweep renames it back.
 */
export async function findCollection(client: ChromaClient, name: string): Promise<Collection | undefined> {
  return (
    (await findExactly(client, name)) ??
    (await findExactly(client, nextName(name))) ??
    // The switch may have ended between both reads.
    (await findExactly(client, name)) ??
    findExactly(client, formerName(name))
  );
}

/** Reads a collection by exactly this name; `undefined` for a missing one. */
export async function findExactly(client: ChromaClient, name: string): Promise<Collection | undefined> {
  try {
    return await client.getCollection({ name });
  } catch (error) {
    if (error instanceof ChromaNotFoundError) return undefined;
    throw error;
  }
}
