import { wordsOf } from './words.ts';

/** How well a text agrees with a reference, each from 0 to 1. */
export interface TextQuality {
  /** Share of the reference's words that the text holds, each as often. */
  recall: number;
  /** Share of the text's words that the reference holds, each as often. */
  precision: number;
  /** Share of the reference's pairs of neighbours that are neighbours in the text. A block at another place costs little. */
  order: number;
}

/** Compares the pages of a text with those of a reference. Order counts words that stand once in both pages. */
export function qualityOf(pages: readonly string[], reference: readonly string[]): TextQuality {
  const said = reference.map((_, page) => wordsOf(pages[page] ?? ''));
  const wanted = reference.map(wordsOf);
  const shared = sharedWords(said.flat(), wanted.flat());
  const pairs = wanted.map((words, page) => neighbours(words, said[page] ?? []));
  const together = pairs.map(({ kept }) => kept).reduce((sum, kept) => sum + kept, 0);
  return {
    recall: share(shared, wanted.flat().length),
    precision: share(shared, said.flat().length),
    order: share(
      together,
      pairs.reduce((sum, { all }) => sum + all, 0),
    ),
  };
}

function share(part: number, all: number): number {
  return all === 0 ? 1 : part / all;
}

function sharedWords(words: readonly string[], others: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of others) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of words) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared++;
  }
  return shared;
}

/** Counts the pairs of neighbours in a reference, among words that stand once in both, and those that a text keeps. */
function neighbours(reference: readonly string[], text: readonly string[]): { kept: number; all: number } {
  const [wanted, places] = [uniquePlaces(reference), uniquePlaces(text)];
  const ranks = [...places.keys()].filter((word) => wanted.has(word));
  const rankOf = new Map(ranks.map((word, rank) => [word, rank]));
  const order = [...wanted.keys()].flatMap((word) => rankOf.get(word) ?? []);
  const kept = order.filter((rank, index) => index > 0 && rank === order[index - 1]! + 1);
  return { kept: kept.length, all: Math.max(0, order.length - 1) };
}

function uniquePlaces(words: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  const twice = new Set<string>();
  for (const [place, word] of words.entries()) {
    if (places.has(word)) twice.add(word);
    else places.set(word, place);
  }
  for (const word of twice) places.delete(word);
  return places;
}

/** Lines at each end of a page that may be a running head or foot. */
const EDGE_LINES = 3;

/** Removes the lines at the edges of pages that an earlier page has there, apart from numbers. Sluice keeps them once. */
export function withoutRepeatedHeads(pages: readonly string[]): string[] {
  const seen = new Set<string>();
  return pages.map((page) => {
    const lines = page.split('\n').filter((line) => line.trim() !== '');
    const isEdge = (index: number) => index < EDGE_LINES || index >= lines.length - EDGE_LINES;
    const keys = lines.map((line) => line.trim().replace(/\s+/g, ' ').replace(/\d+/g, '#'));
    const kept = lines.filter((_, index) => !isEdge(index) || !seen.has(keys[index]!));
    for (const [index, key] of keys.entries()) if (isEdge(index)) seen.add(key);
    return kept.join('\n');
  });
}
