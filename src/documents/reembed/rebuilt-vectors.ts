import type { ChromaClient, Collection, Metadata } from 'chromadb';
import * as v from 'valibot';

import { isInternalCollection } from '../../contract/upload.ts';
import { DependencyError } from '../../errors.ts';
import type { ChromaCall } from '../../installation/chroma-identity.ts';
import { findExactly } from '../chroma-call.ts';
import { textOf } from '../chunk-record.ts';
import type { EmbeddingModel } from '../collections/embedding-model.ts';
import { formerName, nextName } from './collection-names.ts';

/** Collections per page of a list, to bound the size of a response. */
const COLLECTIONS_A_PAGE = 100;
/** Ids per comparison of two collections. Reading 5,000 ids takes 32 ms. */
const IDS_A_PAGE = 5000;

/** Origin of a collection's vectors, as Chroma keeps it in the metadata of the collection. */
export interface Rebuild extends EmbeddingModel {
  /** Id of the job that made them. */
  job: string;
  /** Time of the job's start, in ms since 1970. */
  beganAt: number;
}

/** A record of Chroma that keeps all but its vector. */
export interface KeptRecord {
  id: string;
  text: string;
  context: string | undefined;
  metadata: Metadata;
}

const RebuildSchema = v.pipe(
  v.object({
    reembed_job: v.string(),
    embedding_model: v.string(),
    embedding_dimensions: v.number(),
    reembed_began_ms: v.number(),
  }),
  v.transform(({ reembed_job, embedding_model, embedding_dimensions, reembed_began_ms }): Rebuild => ({
    job: reembed_job,
    name: embedding_model,
    dimensions: embedding_dimensions,
    beganAt: reembed_began_ms,
  })),
);

/**
 * Fills the next collection of a name with the records of the present one and with other vectors, then switches the names. The
 * present collection becomes the former one. Chroma binds a collection to one vector length, so it cannot replace vectors in
 * place. The names change in two steps. Between them, `findCollection` finds the next collection under the name.
 *
 * Only one job at a time may rebuild a collection. Methods throw as those of {@link VectorStore}.
 */
export class RebuiltVectors {
  readonly #call: ChromaCall;
  readonly #prove: (client: ChromaClient) => Promise<void>;

  /** @param prove throws if Chroma is not the installation's; called before each write and delete */
  constructor(call: ChromaCall, prove: (client: ChromaClient) => Promise<void>) {
    this.#call = call;
    this.#prove = prove;
  }

  /** Reads the origin of a collection's present vectors; `undefined` if no job has rebuilt them. */
  async present(collection: string, signal: AbortSignal): Promise<Rebuild | undefined> {
    return this.#call(signal, async (client) => rebuildOf(await findExactly(client, collection)));
  }

  /** Returns whether a collection's former vectors wait for their deletion. */
  async hasFormer(collection: string, signal: AbortSignal): Promise<boolean> {
    return this.#call(signal, async (client) => !!(await findExactly(client, formerName(collection))));
  }

  /**
   * Makes the next collection. Keeps one of the same job and model, because an earlier attempt filled it. First reverts half a
   * switch, because the next collection may be of another job or model.
   */
  async begin(collection: string, rebuild: Rebuild, signal: AbortSignal): Promise<void> {
    const name = nextName(collection);
    await this.#write(signal, async (client) => {
      const [present, next, former] = await findAll(client, collection);
      if (!present) await former?.modify({ name: collection });
      if (isOf(rebuild, next)) return;
      if (next) await client.deleteCollection({ name });
      await client.createCollection({
        name,
        embeddingFunction: null,
        configuration: { hnsw: { space: 'cosine' } },
        metadata: {
          collection,
          reembed_job: rebuild.job,
          embedding_model: rebuild.name,
          embedding_dimensions: rebuild.dimensions,
          reembed_began_ms: rebuild.beganAt,
        },
      });
    });
  }

  /** Reads records of the present collection. It leaves out missing ones. */
  async read(collection: string, ids: string[], signal: AbortSignal): Promise<KeptRecord[]> {
    return this.#call(signal, async (client) => {
      const [present, , former] = await findAll(client, collection);
      // A paused process may have renamed the collection late.
      const source = present ?? former;
      if (!source) return [];
      const records = await source.get({ ids, include: ['documents', 'metadatas'] });
      return records.ids.map((id, i) => {
        const metadata = records.metadatas[i] ?? {};
        const context = textOf(metadata['context']) || undefined;
        return { id, text: records.documents[i] ?? '', context, metadata };
      });
    });
  }

  /** Writes records to the next collection. @throws {DependencyError} `vector_store_failed` for one of another job or model */
  async write(
    collection: string,
    rebuild: Rebuild,
    records: readonly KeptRecord[],
    embeddings: number[][],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#write(signal, async (client) => {
      const next = await findExactly(client, nextName(collection));
      if (!next || !isOf(rebuild, next)) throw gone();
      await next.upsert({
        ids: records.map(({ id }) => id),
        documents: records.map(({ text }) => text),
        metadatas: records.map(({ metadata }) => metadata),
        embeddings,
      });
    });
  }

  /**
   * Deletes copies whose records a cleanup has deleted since. MUST precede {@link switch}, because other jobs then write to the
   * next collection alone. After a deletion between both, the cleanup's second look finds the copies.
   */
  async prune(collection: string, signal: AbortSignal): Promise<void> {
    // Reads backwards, because a deletion moves only later records. Each page is a call, because a call has a timeout.
    let end = await this.#call(
      signal,
      async (client) => (await findExactly(client, nextName(collection)))?.count() ?? 0,
    );
    while (end > 0) {
      const offset = Math.max(0, end - IDS_A_PAGE);
      const page = { limit: end - offset, offset, include: [] };
      await this.#write(signal, async (client) => {
        const [present, next, former] = await findAll(client, collection);
        const source = present ?? former;
        const { ids = [] } = source && next ? await next.get(page) : {};
        if (!source || !next || ids.length === 0) return;
        const kept = new Set((await source.get({ ids, include: [] })).ids);
        const lost = ids.filter((id) => !kept.has(id));
        if (lost.length > 0) await next.delete({ ids: lost });
      });
      end = offset;
    }
  }

  /**
   * Switches the names: the next collection becomes the present one. A repeated call goes on where a fault cut an earlier one. It
   * works on collections by their ids, so that a paused process that repeats it late moves no other one.
   * @throws {DependencyError} `vector_store_failed` for a next collection of another job or model
   */
  async switch(collection: string, rebuild: Rebuild, signal: AbortSignal): Promise<void> {
    await this.#write(signal, async (client) => {
      const [present, next, former] = await findAll(client, collection);
      if (!next && isOf(rebuild, present)) return;
      if (!next || !isOf(rebuild, next)) throw gone();
      if (present && former) await client.deleteCollection({ name: formerName(collection) });
      await present?.modify({ name: formerName(collection) });
      await next.modify({ name: collection });
    });
  }

  /** Deletes the former collection. */
  async dropFormer(collection: string, signal: AbortSignal): Promise<void> {
    await this.#write(signal, async (client) => {
      const [present, , former] = await findAll(client, collection);
      if (present && former) await client.deleteCollection({ name: formerName(collection) });
    });
  }

  /**
   * Settles what an ended job left in Chroma: deletes a half-filled next collection, and reverts half a switch. Keeps a whole
   * switch.
   */
  async settle(collection: string, signal: AbortSignal): Promise<void> {
    await this.#write(signal, async (client) => {
      const [present, next, former] = await findAll(client, collection);
      if (!present) await (former ?? next)?.modify({ name: collection });
      if (next && (present || former)) await client.deleteCollection({ name: nextName(collection) });
    });
  }

  /** Lists the collections whose vectors a job has rebuilt or rebuilds. */
  async list(signal: AbortSignal): Promise<string[]> {
    const names = new Set<string>();
    for (let offset = 0; ; offset += COLLECTIONS_A_PAGE) {
      const page = await this.#call(signal, (client) =>
        client.listCollections({ limit: COLLECTIONS_A_PAGE, offset }),
      );
      for (const one of page) if (rebuildOf(one)) names.add(textOf(one.metadata?.['collection']) || one.name);
      if (page.length < COLLECTIONS_A_PAGE) return [...names].filter((name) => !isInternalCollection(name));
    }
  }

  #write<T>(signal: AbortSignal, work: (client: ChromaClient) => Promise<T>): Promise<T> {
    return this.#call(signal, async (client) => {
      await this.#prove(client);
      return work(client);
    });
  }
}

/** Finds the present, the next and the former collection of a name. */
async function findAll(client: ChromaClient, collection: string) {
  const names = [collection, nextName(collection), formerName(collection)];
  return Promise.all(names.map((name) => findExactly(client, name))) as Promise<
    [Collection | undefined, Collection | undefined, Collection | undefined]
  >;
}

/** Returns whether a collection holds the vectors of this job and model. */
function isOf({ job, name, dimensions }: Rebuild, collection: Collection | undefined): boolean {
  const found = rebuildOf(collection);
  return found?.job === job && found.name === name && found.dimensions === dimensions;
}

/** Reports that a sweep settled the collection, or that another job began. The job's next attempt makes another one. */
function gone(): DependencyError {
  return new DependencyError(
    'transient',
    'vector_store_failed',
    'The next collection is gone. The next attempt makes another one.',
  );
}

/** Reads the origin of a collection's vectors from its metadata. */
export function rebuildOf(collection: Collection | undefined): Rebuild | undefined {
  const parsed = v.safeParse(RebuildSchema, collection?.metadata);
  return parsed.success ? parsed.output : undefined;
}
