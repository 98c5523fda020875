import * as v from 'valibot';

import type { StoredDimensions } from './collection-models.ts';

/** Timeout of a read, in ms. A read that takes longer counts as unknown, because a later write reports a wrong length. */
const TIMEOUT_MS = 5000;

const FoundSchema = v.object({ dimension: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) });

/**
 * Makes a function that reads a collection's vector length from Chroma. Chroma keeps the length when a collection is emptied,
 * but its client library drops the field. A failed read counts as unknown, because jobs parse while Chroma is away.
 * @param url Chroma's base URL; its default tenant and database are used
 */
export function storedDimensions(url: string): StoredDimensions {
  return async (collection, signal) => {
    const path = `api/v2/tenants/default_tenant/databases/default_database/collections/${collection}`;
    try {
      const response = await fetch(new URL(path, new URL(url).origin), {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const found = v.safeParse(FoundSchema, await response.json());
      return found.success ? found.output.dimension : 0;
    } catch {
      signal.throwIfAborted();
      return 0;
    }
  };
}
