import type { Redis } from 'ioredis';

import type { Metadata } from '../../contract/upload.ts';
import type { Keys } from '../../redis/keys.ts';
import { lineDigests, type LineContent } from '../model/line-digests.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/** Longest wait of a pending edit, in ms. A later due time comes from a clock that was set back since. */
const LONGEST_WAIT_MS = 5 * 60 * 1000;

/** The state of a document that an edit builds on. Each edit and each new generation changes it. */
export interface EditableState {
  id: string;
  /** The live generation. */
  generation: string;
  /** Time of the latest edit of the metadata (ms); 0 for none. */
  edited_ms: number;
}

/** A document as its editor has read it. */
export interface EditableDocument extends EditableState, LineContent {
  tenant: string;
}

/**
 * Edits the metadata of documents in Redis, and lists the edits that manifests and Chroma lack. Any worker may apply one.
 */
export class DocumentEdits {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #secondLookMs: number;

  /** @param secondLookMs time in ms until the second look at the chunks of an edited document: one Chroma timeout */
  constructor(redis: Redis, keys: Keys, secondLookMs: number) {
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#secondLookMs = secondLookMs;
  }

  /**
   * Replaces a document's metadata, unless it has changed since the caller's read.
   * @param waitMs time in ms that the caller has to apply the edit, before a worker does
   * @param lostMs time (ms since 1970) of an edit to repeat, because Redis has lost it; absent for a new edit
   * @returns the time of the edit, in ms since 1970
   */
  async edit(
    document: EditableDocument,
    metadata: Metadata,
    waitMs: number,
    lostMs?: number,
  ): Promise<number | 'changed' | 'gone'> {
    const { id, tenant, generation, edited_ms } = document;
    return this.#run('edit-document', {
      document_key: this.#keys.document(id),
      id,
      tenant,
      generation,
      seen_ms: edited_ms,
      lost_ms: lostMs ?? '',
      metadata: JSON.stringify(metadata),
      copy: lineDigests(tenant, { ...document, metadata })?.copy ?? '',
      wait_ms: waitMs,
    });
  }

  /** Notes that manifest and chunks hold the metadata of this state. @returns false if the document has changed since */
  async finish({ id, generation, edited_ms }: EditableState): Promise<boolean> {
    return this.#run('finish-edit', {
      document_key: this.#keys.document(id),
      id,
      generation,
      seen_ms: edited_ms,
      second_look_ms: this.#secondLookMs,
    });
  }

  /** Lists the ids of at most `count` documents whose edits are due. */
  async due(count: number): Promise<string[]> {
    return this.#run('due-edits', { count, longest_ms: LONGEST_WAIT_MS });
  }

  /** Postpones a document's pending edit by `delayMs`. */
  async putOff(id: string, delayMs: number): Promise<void> {
    await this.#run('put-off-cleanup', { list_key: this.#keys.edited, entry: id, delay_ms: delayMs });
  }
}
