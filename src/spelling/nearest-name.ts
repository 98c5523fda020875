import { editDistance } from './edit-distance.ts';

/** Longest name that may be a misspelling, in UTF-16 units. Bounds the time of the comparison. */
const MAX_LENGTH = 64;

/**
 * Finds the known name that a caller most likely meant. That name differs in its style only (`chunkSize`, `chunk-size`,
 * `chunk_size[]`), or in a letter or two. An upload is refused for such a name, so another word MUST NOT match:
 * `connection` is two letters from `collection`.
 * @returns `undefined` if no known name is close, or if `name` is known
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // A leading underscore marks a control name of a form, such as `_charset_` or `_method`.
  if (name.length > MAX_LENGTH || name.startsWith('_') || known.includes(name)) return undefined;
  const given = plain(name);
  let nearest: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = distanceBetween(given, plain(candidate));
    if (distance < (nearest?.distance ?? Infinity)) nearest = { name: candidate, distance };
  }
  return nearest?.name;
}

/** Computes the distance of two plain names; infinite if they are different words. */
function distanceBetween(given: string, known: string): number {
  if (given === known) return 0;
  // A number makes another name: `metadata2` is no slip of the finger.
  if (digits(given) !== digits(known)) return Infinity;
  const distance = editDistance(given, known);
  return distance <= wrongLetters(known) ? distance : Infinity;
}

/** Returns the number of letters that may be wrong. Short words have neighbours: `wait` and `want`. */
function wrongLetters({ length }: string): number {
  if (length < 5) return 0;
  return length < 12 ? 1 : 2;
}

/** Removes what styles of names differ in: case, separators, brackets at the end. `chunking_size` becomes `chunksize`. */
function plain(name: string): string {
  return name
    .replace(/\[.*$/s, '')
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.replace(/(?<=\p{L}{4})ing$/u, ''))
    .join('');
}

function digits(name: string): string {
  return name.replaceAll(/\P{N}/gu, '');
}
