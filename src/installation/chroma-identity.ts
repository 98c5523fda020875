import { type ChromaClient, ChromaNotFoundError, ChromaUniqueError, type Collection } from 'chromadb';

import { RESERVED_COLLECTION } from '../contract/upload.ts';

/** The key of the reserved collection's metadata that holds the id. */
const ID = 'installation';

/** Makes a call to Chroma within the signal's and its own time. */
export type ChromaCall = <T>(signal: AbortSignal, work: (client: ChromaClient) => Promise<T>) => Promise<T>;

/** Reads and writes the installation's id in Chroma: the metadata of a collection that nobody else may use. */
export class ChromaIdentity {
  readonly call: ChromaCall;

  constructor(call: ChromaCall) {
    this.call = call;
  }

  /** @returns `undefined` where Chroma has none */
  async read(client: ChromaClient): Promise<string | undefined> {
    return idOf(await find(client));
  }

  /** Gives Chroma an id unless it has one. @returns the one that it has now */
  async adopt(client: ChromaClient, id: string): Promise<string> {
    const found = await find(client);
    const known = idOf(found);
    if (known !== undefined) return known;
    if (found) {
      // A collection of that name from before it was reserved, or from another program.
      await found.modify({ metadata: { ...found.metadata, [ID]: id } });
      return id;
    }
    try {
      await client.createCollection({
        name: RESERVED_COLLECTION,
        metadata: { [ID]: id },
        embeddingFunction: null,
      });
      return id;
    } catch (error) {
      if (!(error instanceof ChromaUniqueError)) throw error;
      return idOf(await find(client)) ?? id;
    }
  }

  /** Gives Chroma another id, on purpose. */
  async replace(client: ChromaClient, id: string): Promise<void> {
    await this.adopt(client, id);
    const found = await find(client);
    await found?.modify({ metadata: { ...found.metadata, [ID]: id } });
  }
}

async function find(client: ChromaClient): Promise<Collection | undefined> {
  try {
    return await client.getCollection({ name: RESERVED_COLLECTION });
  } catch (error) {
    if (error instanceof ChromaNotFoundError) return undefined;
    throw error;
  }
}

function idOf(collection: Collection | undefined): string | undefined {
  const id = collection?.metadata?.[ID];
  return typeof id === 'string' && id !== '' ? id : undefined;
}
