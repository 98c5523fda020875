/**
 * Makes text safe for Redis, Chroma and logs: replaces half of a character (a lone surrogate) by U+FFFD, because Chroma
 * refuses it. Cuts between code points.
 * @param mostCodePoints length of the result, in code points
 */
export function wellFormed(text: string, mostCodePoints = Infinity): string {
  // A code point has at most two UTF-16 units, so what is longer need not be looked at.
  if (text.length <= mostCodePoints) return text.toWellFormed();
  const codePoints = Array.from(text.slice(0, 2 * mostCodePoints));
  return codePoints.slice(0, mostCodePoints).join('').toWellFormed();
}
