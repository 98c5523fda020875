import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import type { Topology } from '../harness.ts';

const TIMEOUT_MS = 30_000;

/** A generation with chunks in the keyword index. */
export interface IndexedGeneration {
  collection: string;
  generation: string;
  count: number;
}

/** Generations and completeness of the keyword index, as it reports them. */
export interface KeywordFacts {
  /** Generations with chunks, by document id. */
  generations: ReadonlyMap<string, readonly IndexedGeneration[]>;
  /** Collections that it calls incomplete. */
  incomplete: readonly string[];
  /** Whether it calls itself complete. */
  complete: boolean;
}

export async function listKeywords({ keywordsUrl }: Topology): Promise<KeywordFacts> {
  const index = new KeywordIndex(keywordsUrl, { secret: undefined, installation: () => '' });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { complete, collections } = await index.collections(signal);
    const generations = new Map<string, IndexedGeneration[]>();
    for await (const page of index.generations(signal)) {
      for (const [collection, some] of Map.groupBy(page, (one) => one.collection)) {
        const asked = some.map(({ documentId: id, generation }) => ({ id, generation }));
        const counts = await index.countStored(collection, asked, signal);
        for (const [i, { id, generation }] of asked.entries()) {
          const own = { collection, generation, count: counts[i] ?? 0 };
          generations.set(id, [...(generations.get(id) ?? []), own]);
        }
      }
    }
    const incomplete = collections.filter((one) => !one.complete).map(({ name }) => name);
    return { generations, incomplete, complete };
  } finally {
    await index.close();
  }
}
