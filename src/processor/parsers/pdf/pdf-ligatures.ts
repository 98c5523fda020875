/** A text operation of pdf.js: glyphs with their letters, and moves between them. */
export type Shown = readonly ({ unicode: string } | number | null)[];

/** A lam joined with its successors in one glyph. Most fonts join an alef, some join others. */
const LIGATURE = /^ل\p{Script=Arabic}{1,9}$/u;
/** Ligatures with a code point. pdf.js spells them out before it reverses the word. */
const LIGATURE_CHARACTERS = /[\ufc00-\ufd3d]/g;
const LETTER = /[\p{L}\p{M}]/u;
/** Matches at most 100 letters. Millions of letters in a row would overflow the stack. */
const WORD = /[\p{L}\p{M}]{1,100}/gu;
/** Smallest move that separates words, in thousandths of the font's size. */
const MIN_MOVE = 150;

/** Returns whether a text has the letters of a reversed ligature. */
export function mayHaveTurnedLigatures(text: string): boolean {
  return /\p{Script=Arabic}ل/u.test(text);
}

/**
 * Restores the spelling of words with ligatures. Right-to-left text is drawn from its end. pdf.js therefore reverses
 * it letter by letter, including the letters of a ligature.
 * @returns the correct word for each word of pdf.js, unless a word without ligature has the same letters
 */
export function ligatureWords(shown: Iterable<Shown>): Map<string, string> {
  const spelled = new Map<string, string>();
  const plain = new Set<string>();
  for (const word of drawnWords(shown)) {
    const turned = Array.from(word.join('')).toReversed().join('');
    if (word.some((letters) => LIGATURE.test(letters))) spelled.set(turned, word.toReversed().join(''));
    else plain.add(turned);
  }
  for (const word of plain) spelled.delete(word);
  return spelled;
}

/** Splits text operations into words from left to right, as the letters of each glyph. */
function* drawnWords(shown: Iterable<Shown>): Generator<string[]> {
  for (const glyphs of shown) {
    let word: string[] = [];
    for (const glyph of glyphs) {
      const letters = typeof glyph === 'object' ? (glyph?.unicode ?? '') : '';
      const isMove = typeof glyph === 'number';
      if (isMove ? Math.abs(glyph) < MIN_MOVE : LETTER.test(letters)) {
        if (!isMove) word.push(letters.replace(LIGATURE_CHARACTERS, (char) => char.normalize('NFKC')));
        continue;
      }
      if (word.length > 0) yield word;
      word = [];
    }
    if (word.length > 0) yield word;
  }
}

/** Replaces words by their correct spelling. */
export function withSpelling(text: string, spelled: ReadonlyMap<string, string>): string {
  return text.replace(WORD, (word) => spelled.get(word) ?? word);
}
