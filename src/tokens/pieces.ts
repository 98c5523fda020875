import { gramsOf, hasPairs, type Stretch, stretchesOf } from './bigrams.ts';
import { fold, normalize } from './fold.ts';
import { type Language, languageOfWord } from './languages.ts';
import { scriptOf } from './scripts.ts';
import { stemsOf } from './stems.ts';
import { stopWordsOf } from './stop-words.ts';
import { atomsOf, joinerOf, type Span } from './words.ts';

/** A token of a word, by its offsets in the word. */
export interface Piece {
  token: string;
  start: number;
  end: number;
  /** `name`: a stop word in capitals, which is a name (`IT`) unless the whole text is in capitals. */
  stop: 'no' | 'stop' | 'name';
  /** Texts have the token, queries do not. */
  isOnlyIndexed: boolean;
}

interface Atom extends Span {
  text: string;
  normal: string;
  /** Joiner after the atom, as in the token. Empty after the last. */
  joiner: string;
}

/** Joiners that split a path, a URL or an address into names. Each name is a code itself. */
const STRONG = new Set(['/', '\\', ':', '::', '://', ':\\', '@', '?', '=', '&', '#', '%', '~']);
/** Where `camelCase` and `HTTPServer` are cut. The bounds keep the time linear in words of many marks. */
const CAMEL = /(?<=\p{Ll}\p{M}{0,4})(?=\p{Lu})|(?<=\p{Lu}\p{M}{0,4})(?=\p{Lu}\p{M}{0,4}\p{Ll})/u;
const CAPITALS = /^\p{Lu}{2,}$/u;
const LETTERS_ONLY = /^[\p{L}\p{M}]+$/u;
const SIGNS_AFTER = /[+#]+$/u;
const INVISIBLE_END = /[\p{Cf}\ufe00-\ufe0f]+$/u;

/** Returns the tokens of a word of `wordsOf`, in a text of a language. */
export function piecesOf(word: string, language: Language): Piece[] {
  const atoms = readAtoms(word);
  const [first] = atoms;
  const last = atoms.at(-1);
  if (!first || !last) return [];
  const before = word.slice(0, first.start).trim();
  const after = SIGNS_AFTER.exec(word)?.[0] ?? '';
  const isCode = atoms.length > 1 || before !== '' || after !== '';
  if (!isCode || hasPairs(word)) return atoms.flatMap((atom) => atomPieces(atom, language));
  if (isContraction(atoms)) return contractionPieces(atoms, language);
  return unique([
    pieceOf(before + tokenOf(atoms) + after, { start: 0, end: after === '' ? last.end : word.length }),
    ...segmentPieces(atoms, language),
    ...joinedPieces(atoms, language),
    ...partPieces(atoms, language),
  ]);
}

function readAtoms(word: string): Atom[] {
  const spans = atomsOf(word);
  return spans
    .map(({ start, end }, index) => {
      const text = word.slice(start, end).replace(INVISIBLE_END, '');
      const next = spans[index + 1];
      const joiner = next ? (joinerOf(word.slice(end, next.start)) ?? '') : '';
      return { text, start, end: start + text.length, normal: normalize(text), joiner };
    })
    .filter(({ normal }) => normal !== '');
}

/** Returns the tokens of a run of letters and digits: its stems, the parts of camel case, and pairs of letters. */
function atomPieces(atom: Atom, language: Language): Piece[] {
  if (hasPairs(atom.text))
    return [...stretchesOf(atom.text)].flatMap((stretch) => stretchPieces(stretch, atom, language));
  const parts = atom.text.split(CAMEL);
  if (parts.length === 1) return wordPieces(atom.text, atom, language);
  let start = atom.start;
  const spans = parts.map((text) => {
    const span = { text, start, end: start + text.length };
    start = span.end;
    return span;
  });
  return [
    ...wordPieces(atom.text, atom, language),
    ...spans.filter(({ text }) => text.length > 1).flatMap((span) => wordPieces(span.text, span, language)),
  ];
}

function stretchPieces(stretch: Stretch, atom: Atom, language: Language): Piece[] {
  const start = atom.start + stretch.start;
  if (!stretch.isPaired)
    return wordPieces(stretch.text, { start, end: start + stretch.text.length }, language);
  return gramsOf(stretch.text).map((gram) => ({
    ...pieceOf(gram.token, { start: start + gram.start, end: start + gram.end }),
    isOnlyIndexed: gram.isOnlyIndexed,
  }));
}

function wordPieces(text: string, span: Span, ofText: Language): Piece[] {
  const normal = normalize(text);
  const folded = fold(normal);
  if (folded === '') return [];
  const language = languageOfWord(scriptOf(normal), ofText);
  const isStop = language !== undefined && stopWordsOf(language).has(folded);
  const stop = !isStop ? 'no' : CAPITALS.test(text) ? 'name' : 'stop';
  return stemsOf(normal, folded, language).map((token) => ({ ...pieceOf(token, span), stop }));
}

function isContraction(atoms: readonly Atom[]): boolean {
  return atoms.length > 1 && atoms.slice(0, -1).every(({ joiner }) => joiner === "'");
}

/** Returns the words of `don't`, `l'homme` and `company's`. Single letters are no words. */
function contractionPieces(atoms: readonly Atom[], ofText: Language): Piece[] {
  const [first] = atoms;
  const last = atoms.at(-1);
  if (!first || !last) return [];
  const script = scriptOf(first.normal);
  const language = languageOfWord(script, ofText);
  if (language && stopWordsOf(language).has(tokenOf(atoms))) return [];
  // The apostrophe of Ukrainian is inside a word.
  if (script === 'cyrillic')
    return wordPieces(
      atoms.map(({ normal }) => normal).join(''),
      { start: first.start, end: last.end },
      ofText,
    );
  const parts = atoms.filter(({ normal }) => normal.length > 1);
  if (parts.length > 0) return parts.flatMap((atom) => atomPieces(atom, ofText));
  return [pieceOf(tokenOf(atoms), { start: first.start, end: last.end })];
}

/** Returns the names inside a path, a URL or an address, whole: `words.ts` of `src/words.ts`. */
function segmentPieces(atoms: readonly Atom[], language: Language): Piece[] {
  const segments: Atom[][] = [[]];
  for (const atom of atoms) {
    segments.at(-1)?.push(atom);
    if (STRONG.has(atom.joiner)) segments.push([]);
  }
  if (segments.length === 1) return [];
  return segments
    .filter((segment) => segment.length > 1)
    .flatMap((segment) => {
      if (isContraction(segment)) return contractionPieces(segment, language);
      return [pieceOf(tokenOf(segment), { start: segment[0]?.start ?? 0, end: segment.at(-1)?.end ?? 0 })];
    });
}

/** Returns `email` of `e-mail`, and `usa` of `U.S.A`. */
function joinedPieces(atoms: readonly Atom[], ofText: Language): Piece[] {
  const [first] = atoms;
  const last = atoms.at(-1);
  const isAbbreviation =
    atoms.length > 1 &&
    atoms.some(({ normal }) => normal.length === 1) &&
    atoms.every(({ normal, joiner }) => LETTERS_ONLY.test(normal) && ['-', '.', '&', ''].includes(joiner));
  if (!first || !last || !isAbbreviation) return [];
  const joined = wordPieces(
    atoms.map(({ normal }) => normal).join(''),
    { start: first.start, end: last.end },
    ofText,
  );
  return joined.map((piece) => ({ ...piece, stop: 'no' }));
}

/** Returns the parts of a code. Those of a number, a version or a date are too frequent to search by. */
function partPieces(atoms: readonly Atom[], language: Language): Piece[] {
  const isNumber = atoms.every(({ normal }) => /^\p{N}+$/u.test(normal));
  return atoms
    .filter(({ normal }) => normal.length > 1)
    .flatMap((atom) => atomPieces(atom, language))
    .map((piece) => (isNumber ? { ...piece, isOnlyIndexed: true } : piece));
}

function tokenOf(atoms: readonly Atom[]): string {
  return atoms
    .map(({ normal, joiner }, index) => fold(normal) + (index < atoms.length - 1 ? joiner : ''))
    .join('');
}

function pieceOf(token: string, { start, end }: Span): Piece {
  return { token, start, end, stop: 'no', isOnlyIndexed: false };
}

function unique(pieces: readonly Piece[]): Piece[] {
  return [...new Map(pieces.map((piece) => [`${piece.start} ${piece.token}`, piece])).values()];
}
