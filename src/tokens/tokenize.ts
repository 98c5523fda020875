import { languageOf } from './language.ts';
import type { Language } from './languages.ts';
import { type Piece, piecesOf } from './pieces.ts';
import { wordsOf } from './words.ts';

export { languageOf, type Language };

/** Changes when the same text would give other tokens. Indexes of another version are rebuilt. */
export const TOKENIZER_VERSION = '3';

/** A token and its UTF-16 offsets in the text. It has no space, no double quote and no control character. */
export interface Token {
  token: string;
  start: number;
  end: number;
}

/** Most words whose tokens are kept. A stem takes some microseconds, and a few thousand words make most of a text. */
const MAX_KEPT = 50_000;
/** Longest word whose tokens are kept, in UTF-16 units. */
const LONGEST_KEPT = 40;
/** Characters of a query that count, in UTF-16 units. A hostile one of 10,000 took seconds in 25 languages. */
export const LONGEST_QUERY = 1000;
/** A shorter text in capitals may be a name alone. */
const WORDS_OF_CAPITALS = 4;

const kept = new Map<Language, Map<string, readonly Piece[]>>();
let keptCount = 0;

/**
 * Returns the tokens of a text in the order of its words. One word may give several tokens: a code whole and in parts.
 * Stop words of the language are left out.
 */
export function tokenize(text: string, language: Language = languageOf(text)): Token[] {
  const tokens: Token[] = [];
  visitPieces(text, language, ({ token, start, end }, at) => {
    tokens.push({ token, start: at + start, end: at + end });
  });
  return tokens;
}

/**
 * Returns all tokens that a query's words may have in texts of these languages, each once. Stop words of the query's own
 * language are left out for each of them, because another language's texts hold few of them and would seem to match best.
 * Only the first {@link LONGEST_QUERY} characters count.
 */
export function queryTokens(query: string, languages: readonly Language[]): string[] {
  const text = query.slice(0, LONGEST_QUERY);
  const counted = new Set<number>();
  visitPieces(text, languageOf(text), (_, at) => counted.add(at));
  const tokens = new Set<string>();
  for (const language of languages)
    visitPieces(text, language, ({ token, isOnlyIndexed }, at) => {
      if (!isOnlyIndexed && counted.has(at)) tokens.add(token);
    });
  return [...tokens];
}

/** Visits each token of a text but those of stop words, with the offset of its word. */
function visitPieces(text: string, language: Language, visit: (piece: Piece, at: number) => void): void {
  let dropsNames: boolean | undefined;
  for (const { start, end } of wordsOf(text)) {
    for (const piece of keptPieces(text.slice(start, end), language)) {
      if (piece.stop === 'stop') continue;
      if (piece.stop === 'name' && (dropsNames ??= isInCapitals(text))) continue;
      visit(piece, start);
    }
  }
}

function keptPieces(word: string, language: Language): readonly Piece[] {
  if (word.length > LONGEST_KEPT) return piecesOf(word, language);
  let ofLanguage = kept.get(language);
  const known = ofLanguage?.get(word);
  if (known) return known;
  if (keptCount >= MAX_KEPT) {
    kept.clear();
    keptCount = 0;
    ofLanguage = undefined;
  }
  if (!ofLanguage) kept.set(language, (ofLanguage = new Map()));
  // A slice would keep its whole text in memory.
  const copy = word.split('').join('');
  const pieces = piecesOf(copy, language);
  ofLanguage.set(copy, pieces);
  keptCount++;
  return pieces;
}

function isInCapitals(text: string): boolean {
  return !/\p{Ll}/u.test(text) && text.trim().split(/\s+/u, WORDS_OF_CAPITALS).length === WORDS_OF_CAPITALS;
}
