import { englishWords } from './english-words.ts';

/** Matches a piece of single letters, each a blank apart, with the signs behind the last one. */
const SPACED = /^(\p{L}(?: \p{L})+)[^\p{L}\p{N}\s]*$/u;
/** Fewest letters of a word to join. Two may be signs of a formula. */
const MIN_LETTERS = 3;
/** Most different words to join on a page. Each costs a search, and a full page has 300. */
const MAX_WORDS = 1000;

/**
 * Joins the letters of words that are drawn wide apart, as in `C H A P T E R  O N E`. LiteParse takes each gap for a
 * blank, and each word for a piece. A piece is a word if the dictionary has it, or if it stands beside such a piece.
 * @param pieces of the page's text
 */
export async function withJoinedLetters(markdown: string, pieces: readonly string[]): Promise<string> {
  const spaced = pieces.map((piece) => SPACED.exec(piece)?.[1]);
  if (!spaced.some(isLong)) return markdown;
  const isWord = await englishWords();
  const words = spaced.filter((letters, index): letters is string => {
    if (letters === undefined) return false;
    const isBesideOne = isLong(spaced[index - 1]) || isLong(spaced[index + 1]);
    return isBesideOne || (isLong(letters) && isWord(wordOf(letters).toLowerCase()));
  });
  const longestFirst = [...new Set(words)].slice(0, MAX_WORDS).toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce(
    (text, letters) =>
      text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${letters}(?![\\p{L}\\p{N}])`, 'gu'), wordOf(letters)),
    markdown,
  );
}

function isLong(letters: string | undefined): boolean {
  return letters !== undefined && wordOf(letters).length >= MIN_LETTERS;
}

function wordOf(letters: string): string {
  return letters.replaceAll(' ', '');
}
