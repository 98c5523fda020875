/** The first entries of the vocabulary stand for no text. */
const RESERVED = 6;
const UNKNOWN = 0;
const WORD_START = '\u2581';

/** A vocabulary's piece and its log probability. */
export type Piece = [text: string, score: number];

interface Branch {
  next: Map<string, Branch>;
  /** Place in the vocabulary of the piece that ends here. */
  id?: number;
}

/** Cuts texts into pieces of a vocabulary (SentencePiece, unigram). */
export class WordPieces {
  readonly #vocabulary: readonly Piece[];
  readonly #root: Branch = { next: new Map() };

  constructor(vocabulary: readonly Piece[]) {
    this.#vocabulary = vocabulary;
    for (const [id, [text]] of vocabulary.entries()) if (id >= RESERVED) this.#insert(text, id);
  }

  /** Returns the ids of the likeliest pieces. Unknown characters side by side are one piece. */
  ids(text: string): number[] {
    const symbols = Array.from(WORD_START + text.normalize('NFKC').replaceAll(' ', WORD_START));
    /** By place: the score of the best pieces before it, and the last one's id. A score of 0 counts as none. */
    const best = new Float64Array(symbols.length + 1);
    const last = new Int32Array(symbols.length + 1);
    for (let start = 0; start < symbols.length; start++) {
      let known = false;
      for (let branch = this.#root, end = start; end < symbols.length;) {
        const following = branch.next.get(symbols[end++] as string);
        if (!following) break;
        branch = following;
        if (branch.id === undefined) continue;
        known = true;
        offer(end, branch.id, this.#vocabulary[branch.id]?.[1] ?? 0, start);
      }
      if (!known) offer(start + 1, UNKNOWN, 0, start);
    }
    function offer(end: number, id: number, score: number, start: number): void {
      const sum = score + (best[start] ?? 0);
      if (best[end] !== 0 && sum < (best[end] ?? 0)) return;
      best[end] = sum;
      last[end] = id;
    }
    const ids: number[] = [];
    for (let end = symbols.length; end > 0;) {
      const id = last[end] as number;
      if (id !== UNKNOWN || ids.at(-1) !== UNKNOWN) ids.push(id);
      end -= Array.from(this.#vocabulary[id]?.[0] ?? ' ').length;
    }
    return ids.toReversed();
  }

  #insert(text: string, id: number): void {
    let branch = this.#root;
    for (const symbol of text) {
      let next = branch.next.get(symbol);
      if (!next) branch.next.set(symbol, (next = { next: new Map() }));
      branch = next;
    }
    branch.id = id;
  }
}
