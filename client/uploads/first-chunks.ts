import { find } from '../dom.ts';
import { passageItem } from '../passage.ts';
import type { Sluice } from '../sdk/sluice.ts';

const SHOWN = 5;

/** Shows the first chunks of a finished document. It reads them when the user opens them. */
export class FirstChunks {
  readonly #sluice: Sluice;
  readonly #root: HTMLDetailsElement;
  readonly #status: HTMLElement;
  readonly #list: HTMLOListElement;
  #documentId = '';
  #loaded = '';

  constructor(sluice: Sluice, root: HTMLDetailsElement) {
    this.#sluice = sluice;
    this.#root = root;
    this.#status = find(root, '.chunks-status', HTMLElement);
    this.#list = find(root, 'ol', HTMLOListElement);
    root.addEventListener('toggle', () => {
      if (root.open) void this.#load();
    });
  }

  /**
   * Offers a document's first chunks.
   * @param open whether to show them at once
   */
  offer(documentId: string, open: boolean): void {
    this.#documentId = documentId;
    this.#root.hidden = false;
    if (open) this.#root.open = true;
  }

  async #load(): Promise<void> {
    const documentId = this.#documentId;
    if (this.#loaded === documentId) return;
    this.#loaded = documentId;
    this.#status.textContent = 'Reading…';
    try {
      const { chunks } = await this.#sluice.chunks(documentId, { limit: SHOWN });
      const items = chunks.map((chunk) => passageItem(chunk, `Chunk ${chunk.chunk_index + 1}`));
      this.#list.replaceChildren(...items);
      this.#status.textContent = '';
    } catch (error) {
      // Reads them again when the user opens the list again.
      this.#loaded = '';
      this.#status.textContent = (error as Error).message;
    }
  }
}
