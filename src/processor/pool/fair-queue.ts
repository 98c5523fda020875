interface Waiting<Caller, Item> {
  caller: Caller;
  item: Item;
  cost: number;
  rank: number;
}

/**
 * Decides what runs next, by weighted fair queueing. The clock is the work that each waiting caller would have
 * received if all shared equally. An item's rank is its finish on that clock: its cost after its caller's last item,
 * or after now. The lowest rank runs first. A cheap item hardly waits, however much others have queued. Others
 * overtake a costly item only until its share has come.
 */
export class FairQueue<Caller, Item> {
  /** Sorted by rank. Equal ranks keep the order of arrival. */
  #waiting: Waiting<Caller, Item>[] = [];
  /** Last rank of each caller that is ahead of the clock. */
  readonly #ranks = new Map<Caller, number>();
  #clock = 0;

  /** @param cost work in any unit; above 0 */
  push(caller: Caller, item: Item, cost: number): void {
    const rank = (this.#ranks.get(caller) ?? this.#clock) + cost;
    this.#ranks.set(caller, rank);
    const after = this.#waiting.findLastIndex((other) => other.rank <= rank);
    this.#waiting.splice(after + 1, 0, { caller, item, cost, rank });
  }

  /** Takes the next item that may run; undefined if there is none. */
  next(mayRun: (item: Item) => boolean = () => true): Item | undefined {
    const taken = this.#waiting.find(({ item }) => mayRun(item));
    if (!taken) return undefined;
    this.#clock += taken.cost / new Set(this.#waiting.map(({ caller }) => caller)).size;
    for (const [caller, rank] of this.#ranks) if (rank <= this.#clock) this.#ranks.delete(caller);
    this.#waiting.splice(this.#waiting.indexOf(taken), 1);
    return taken.item;
  }

  /** Removes matching items. The caller's other items move up, because it received no work for them. */
  drop(holds: (item: Item) => boolean): Item[] {
    const dropped = this.#waiting.filter(({ item }) => holds(item));
    if (dropped.length > 0) this.#remove(new Set(dropped));
    return dropped.map(({ item }) => item);
  }

  #remove(dropped: ReadonlySet<Waiting<Caller, Item>>): void {
    const saved = new Map<Caller, number>();
    const left: Waiting<Caller, Item>[] = [];
    for (const entry of this.#waiting) {
      const before = saved.get(entry.caller) ?? 0;
      if (dropped.has(entry)) saved.set(entry.caller, before + entry.cost);
      else left.push({ ...entry, rank: entry.rank - before });
    }
    left.sort((a, b) => a.rank - b.rank);
    this.#waiting = left;
    for (const [caller, cost] of saved) this.#lower(caller, cost);
  }

  #lower(caller: Caller, cost: number): void {
    const rank = (this.#ranks.get(caller) ?? this.#clock) - cost;
    if (rank > this.#clock) this.#ranks.set(caller, rank);
    else this.#ranks.delete(caller);
  }
}
