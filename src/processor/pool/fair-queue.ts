/**
 * The one place that decides what runs next: callers take turns, each with its oldest item. So a caller with
 * a long backlog delays another by one item for each free child, not by its whole backlog.
 */
export class FairQueue<Caller, Item> {
  /** A map keeps its insertion order, which is the order of turns. */
  readonly #waiting = new Map<Caller, Item[]>();

  push(caller: Caller, item: Item): void {
    const items = this.#waiting.get(caller);
    if (items) items.push(item);
    else this.#waiting.set(caller, [item]);
  }

  /** Takes the next item; undefined when nothing waits. */
  next(): Item | undefined {
    for (const [caller, items] of this.#waiting) {
      const item = items.shift();
      this.#waiting.delete(caller);
      if (items.length > 0) this.#waiting.set(caller, items);
      return item;
    }
    return undefined;
  }

  /** Takes out everything a caller has waiting. */
  drop(caller: Caller): Item[] {
    const items = this.#waiting.get(caller) ?? [];
    this.#waiting.delete(caller);
    return items;
  }

  /** Takes out everything. */
  clear(): Item[] {
    const items = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    return items;
  }
}
