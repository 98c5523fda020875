import { gramsOf, hasPairs, type Stretch, stretchesOf } from './bigrams.ts';
import { fold, normalize } from './fold.ts';
import { type Language, languageOfWord } from './languages.ts';
import { scriptOf } from './scripts.ts';
import { stemsOf } from './stems.ts';
import { stopWordsOf } from './stop-words.ts';
import { atomsOf, joinerBetween, type Span } from './words.ts';

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
/** Joiners that a token leaves out, except between two digits, so that `ERR-4032b` is `ERR4032b`. */
const LOOSE = new Set(['-', '_', '.', '&']);
/**
 * Matches the parts of `camelCase`, `HTTPServer`, `ISO9001` and `10kg`. An ordinal stays whole. The bounds keep the
 * time linear in words of many marks.
 */
const PARTS = new RegExp(
  [
    String.raw`(?<=\p{Ll}\p{M}{0,4})(?=\p{Lu})`,
    String.raw`(?<=\p{Lu}\p{M}{0,4})(?=\p{Lu}\p{M}{0,4}\p{Ll})`,
    String.raw`(?<=\p{L}\p{M}{0,4}\p{L}\p{M}{0,4})(?=\p{N})`,
    String.raw`(?<=\p{N}{2})(?!(?:st|nd|rd|th|ST|ND|RD|TH)$)(?=\p{L}\p{M}{0,4}\p{L})`,
  ].join('|'),
  'u',
);
/**
 * A version or a date in a code: that of `v3.2.1`, `lib-3.2.1.jar` and `2024-05-01T10:00`. It is whole: `1'234.56` has none
 * of 234.56, nor `python3.11.4` one of 11.4.
 */
const VERSION =
  /(?<![\p{L}\p{N},，'’\u00a0\u2009\u202f])(?<!\p{L}\d{1,9}(?:[.-]\d{1,9}){0,9}[.-])[vV]?(\d{1,9}(?:(?:\.\d{1,9}){1,9}|(?:-\d{1,9}){1,9}))(?!\d)/gu;
/** A number in groups: `1.000`, which is a version or a decimal elsewhere, or one of ten digits and more, such as an ISBN. */
const GROUPED = /^\d{1,3}(?:\.\d{3})+$|^(?=(?:-?\d){10,}$)\d+(?:-\d+)+$/u;
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
  const isSigned = before !== '' || after !== '';
  const span = { start: 0, end: after === '' ? last.end : word.length };
  return unique([
    ...(isSigned ? [pieceOf(before + tokenOf(atoms) + after, span)] : wholePieces(atoms, language)),
    ...segmentPieces(atoms, language),
    ...versionPieces(word),
    ...partPieces(atoms, language),
  ]);
}

function readAtoms(word: string): Atom[] {
  const spans = atomsOf(word);
  return spans
    .map(({ start, end }, index) => {
      const text = word.slice(start, end).replace(INVISIBLE_END, '');
      const next = spans[index + 1];
      const joiner = next ? (joinerBetween(word, { start, end }, next) ?? '') : '';
      return { text, start, end: start + text.length, normal: normalize(text), joiner };
    })
    .filter(({ normal }) => normal !== '');
}

/** Returns the tokens of a run of letters and digits: its stems, the parts of camel case, and pairs of letters. */
function atomPieces(atom: Atom, language: Language): Piece[] {
  if (hasPairs(atom.text))
    return [...stretchesOf(atom.text)].flatMap((stretch) => stretchPieces(stretch, atom, language));
  const parts = atom.text.split(PARTS);
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
      return wholePieces(segment, language);
    });
}

/** Returns a code whole: `err4032b` of `ERR-4032b`, the stem of `emails` for `e-mails`. */
function wholePieces(atoms: readonly Atom[], ofText: Language): Piece[] {
  const span = { start: atoms[0]?.start ?? 0, end: atoms.at(-1)?.end ?? 0 };
  const token = tokenOf(atoms);
  const isWord = atoms.every(
    ({ normal, joiner }) => LETTERS_ONLY.test(normal) && (joiner === '' || LOOSE.has(joiner)),
  );
  if (isWord) return wordPieces(token, span, ofText).map((piece) => ({ ...piece, stop: 'no' }));
  const whole = pieceOf(token, span);
  return GROUPED.test(token) ? [whole, { ...whole, token: token.replaceAll(/[.-]/g, '') }] : [whole];
}

/** Returns the versions and dates inside a code, whatever its other parts are. */
function versionPieces(word: string): Piece[] {
  return [...word.matchAll(VERSION)].map(({ 0: found, 1: version = '', index }) => {
    const end = index + found.length;
    return pieceOf(version, { start: end - version.length, end });
  });
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
    .map(({ normal, joiner }, index) => {
      const next = atoms[index + 1]?.normal ?? '';
      const isNumber = /\p{N}$/u.test(normal) && /^\p{N}/u.test(next);
      const isLeftOut = index === atoms.length - 1 || (LOOSE.has(joiner) && !isNumber);
      return fold(normal) + (isLeftOut ? '' : joiner);
    })
    .join('');
}

function pieceOf(token: string, { start, end }: Span): Piece {
  return { token, start, end, stop: 'no', isOnlyIndexed: false };
}

function unique(pieces: readonly Piece[]): Piece[] {
  return [...new Map(pieces.map((piece) => [`${piece.start} ${piece.token}`, piece])).values()];
}
