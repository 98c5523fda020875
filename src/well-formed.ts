/**
 * Makes text safe for Redis, Chroma and logs. Replaces a lone surrogate by U+FFFD, because Chroma refuses it. Cuts between
 * code points.
 * @param mostCodePoints longest result, in code points
 */
export function wellFormed(text: string, mostCodePoints = Infinity): string {
  // A code point has at most two UTF-16 units, so the rest of the text does not matter.
  if (text.length <= mostCodePoints) return text.toWellFormed();
  const codePoints = Array.from(text.slice(0, 2 * mostCodePoints));
  return codePoints.slice(0, mostCodePoints).join('').toWellFormed();
}
