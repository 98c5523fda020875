import { type ChromaClient, ChromaNotFoundError, ChromaUniqueError, type Collection } from 'chromadb';

import { RESERVED_COLLECTION } from '../contract/upload.ts';

/** Key of the id in the reserved collection's metadata. */
const ID = 'installation';

/** Makes a call to Chroma, limited by the signal and by a timeout of its own. */
export type ChromaCall = <T>(signal: AbortSignal, work: (client: ChromaClient) => Promise<T>) => Promise<T>;

/** Reads and writes the installation's id in Chroma: the metadata of a reserved collection. */
export class ChromaIdentity {
  readonly call: ChromaCall;

  constructor(call: ChromaCall) {
    this.call = call;
  }

  /** Reads the id. @returns `undefined` if Chroma has none */
  async read(client: ChromaClient): Promise<string | undefined> {
    return idOf(await find(client));
  }

  /** Gives Chroma an id unless it has one. @returns the id that Chroma has now */
  async adopt(client: ChromaClient, id: string): Promise<string> {
    const found = await find(client);
    const known = idOf(found);
    if (known !== undefined) return known;
    if (found) {
      // Another program, or a client before the name was reserved, made a collection of this name.
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

  /** Gives Chroma another id, on an operator's command. */
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
