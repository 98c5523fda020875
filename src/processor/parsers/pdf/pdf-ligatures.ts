/** What pdf.js shows in one go: glyphs with the letters that they stand for, and how far the next is moved. */
export type Shown = readonly ({ unicode: string } | number | null)[];

/** A lam and what follows it in one glyph: in nearly every font an alef, in some others, too. */
const LIGATURE = /^ل\p{Script=Arabic}{1,9}$/u;
/** Ligatures that are characters of their own, which pdf.js spells out before it turns the word around. */
const LIGATURE_CHARACTERS = /[\ufc00-\ufd3d]/g;
const LETTER = /[\p{L}\p{M}]/u;
/** Not longer than words are: of millions of letters in a row the stack would run over. */
const WORD = /[\p{L}\p{M}]{1,100}/gu;
/** What parts words, in thousandths of the font's size. */
const MIN_MOVE = 150;

/** Whether a text has what a ligature is read as where it is turned around. */
export function mayHaveTurnedLigatures(text: string): boolean {
  return /\p{Script=Arabic}ل/u.test(text);
}

/**
 * How words with ligatures are spelled. What leads to the left is drawn from its end on, so pdf.js turns it around
 * letter by letter, and with it the two of a ligature.
 * @returns by each word as pdf.js has it, the word; none that may as well be another one that has no ligature
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

/** Words as they are drawn from the left on, each glyph's letters. */
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

/** A text with its words as they are spelled. */
export function withSpelling(text: string, spelled: ReadonlyMap<string, string>): string {
  return text.replace(WORD, (word) => spelled.get(word) ?? word);
}
