import { find } from './dom.ts';
import { passageItem } from './passage.ts';
import type { Sluice } from './sdk/sluice.ts';
import { quantity } from './wording.ts';

const RESULTS = 5;

const REBUILDING = 'The keyword index is being rebuilt, so some results may be missing.';

/** Shows the search form with its results. */
export class SearchView {
  readonly #form = find(document, '#search', HTMLFormElement);
  readonly #query = find(document, '#query', HTMLInputElement);
  readonly #collection = find(document, '#search-collection', HTMLInputElement);
  readonly #status = find(document, '#search-status', HTMLElement);
  readonly #results = find(document, '#search-results', HTMLOListElement);
  readonly #sluice: Sluice;
  #running = new AbortController();
  #collectionChosen = false;

  constructor(sluice: Sluice) {
    this.#sluice = sluice;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#search(this.#query.value, this.#collection.value.trim());
    });
    this.#collection.addEventListener('input', () => (this.#collectionChosen = true));
  }

  /** Sets the collection to search, unless the user typed one. */
  suggestCollection(name: string): void {
    if (!this.#collectionChosen) this.#collection.value = name;
  }

  async #search(query: string, collection: string): Promise<void> {
    // An older response must not replace a newer one.
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#status.textContent = 'Searching…';
    try {
      const asked = { collection, query, limit: RESULTS };
      const { results: found, rebuilding } = await this.#sluice.search(asked, { signal });
      if (signal.aborted) return;
      const items = found.map((result) => passageItem(result, result.score.toFixed(2), result.filename));
      this.#results.replaceChildren(...items);
      const outcome =
        found.length > 0
          ? `The best ${quantity(found.length, 'chunk')} by words and meaning`
          : `“${collection}” holds nothing like that.`;
      this.#status.textContent = rebuilding ? `${outcome} ${REBUILDING}` : outcome;
    } catch (error) {
      if (signal.aborted) return;
      this.#results.replaceChildren();
      this.#status.textContent = (error as Error).message;
    }
  }
}
