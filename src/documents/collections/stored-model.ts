import * as v from 'valibot';

import type { StoredModel } from './collection-models.ts';
import type { EmbeddingModel } from './embedding-model.ts';

/** Timeout of a read, in ms. A read that takes longer counts as unknown, because a later write reports a wrong length. */
const TIMEOUT_MS = 5000;

const UNKNOWN: EmbeddingModel = { name: '', dimensions: 0 };

const FoundSchema = v.object({
  dimension: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  metadata: v.nullish(v.object({ embedding_model: v.optional(v.string()) })),
});

/**
 * Makes a function that reads a collection's model from Chroma. Chroma keeps the vector length of an emptied collection, but
 * its client library drops the field. Reembed jobs write the model's name. A failed read counts as unknown, because jobs parse
 * while Chroma is away.
 * @param url Chroma's base URL; its default tenant and database are used
 */
export function storedModel(url: string): StoredModel {
  return async (collection, signal) => {
    const path = `api/v2/tenants/default_tenant/databases/default_database/collections/${collection}`;
    try {
      const response = await fetch(new URL(path, new URL(url).origin), {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const found = v.safeParse(FoundSchema, await response.json());
      if (!found.success) return UNKNOWN;
      const { dimension: dimensions, metadata } = found.output;
      return { name: metadata?.embedding_model ?? '', dimensions };
    } catch {
      signal.throwIfAborted();
      return UNKNOWN;
    }
  };
}
