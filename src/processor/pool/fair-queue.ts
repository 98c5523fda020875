interface Waiting<Caller, Item> {
  caller: Caller;
  item: Item;
  cost: number;
  rank: number;
}

/**
 * The one place that decides what runs next: weighted fair queueing. Its clock tells how much work each of the
 * waiting callers would have had by now if all were served at once, in equal shares. An item's rank is when it
 * would be done then: its cost after its caller's last one, or after now. The lowest goes first. So what costs
 * little hardly waits, however many have how much waiting, and what costs much is only overtaken until its share
 * has come.
 */
export class FairQueue<Caller, Item> {
  /** By rank; equals in the order they came. */
  #waiting: Waiting<Caller, Item>[] = [];
  /** The callers' last ranks, for as long as they are ahead of the clock. */
  readonly #ranks = new Map<Caller, number>();
  #clock = 0;

  /** @param cost how much work it is, in any unit; above 0 */
  push(caller: Caller, item: Item, cost: number): void {
    const rank = (this.#ranks.get(caller) ?? this.#clock) + cost;
    this.#ranks.set(caller, rank);
    const after = this.#waiting.findLastIndex((other) => other.rank <= rank);
    this.#waiting.splice(after + 1, 0, { caller, item, cost, rank });
  }

  /** Takes the next item of those that may run now; undefined when there is none. */
  next(mayRun: (item: Item) => boolean = () => true): Item | undefined {
    const taken = this.#waiting.find(({ item }) => mayRun(item));
    if (!taken) return undefined;
    this.#clock += taken.cost / new Set(this.#waiting.map(({ caller }) => caller)).size;
    for (const [caller, rank] of this.#ranks) if (rank <= this.#clock) this.#ranks.delete(caller);
    this.#waiting.splice(this.#waiting.indexOf(taken), 1);
    return taken.item;
  }

  /** Takes out every item for which this holds; its caller's others move up, for it has had no work done. */
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
