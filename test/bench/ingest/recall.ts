import { wordsOf } from '../../helpers/documents/words.ts';

/** Computes the share of a reference's words that a text holds, each as often. */
export function recall(text: string, reference: string): number {
  const held = new Map<string, number>();
  for (const word of wordsOf(text)) held.set(word, (held.get(word) ?? 0) + 1);
  const wanted = wordsOf(reference);
  let found = 0;
  for (const word of wanted) {
    const left = held.get(word) ?? 0;
    if (left === 0) continue;
    held.set(word, left - 1);
    found++;
  }
  return found / wanted.length;
}
