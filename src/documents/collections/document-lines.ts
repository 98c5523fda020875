import type { Redis } from 'ioredis';

import { lineDigests } from '../../jobs/model/line-digests.ts';
import { loadScripts, type RunScript } from '../../jobs/transitions/load-scripts.ts';
import type { Keys } from '../../redis/keys.ts';
import { DocumentRegistry } from '../registry.ts';

/** Enters documents of older versions into the lines. An upload finds its copy and the document of its name by these. */
export class DocumentLines {
  readonly #registry: DocumentRegistry;
  readonly #run: RunScript;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#registry = new DocumentRegistry(redis, keys);
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
  }

  /**
   * Enters documents of a tenant. A document without a content hash stays out. One with assumed settings gets
   * only its name, because an upload with the same settings may not be a copy.
   */
  async enter(tenant: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const documents = (await this.#registry.read(ids)).flatMap((document) => {
      const { copy, name } = lineDigests(tenant, document) ?? { copy: '', name: '' };
      const { id, generation, edited_ms, settings_assumed } = document;
      return [id, generation, edited_ms, settings_assumed ? '' : copy, name];
    });
    await this.#run('enter-lines', { documents_key: this.#keys.documents(tenant), documents });
  }
}
