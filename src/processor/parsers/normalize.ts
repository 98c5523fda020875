/**
 * Normalizes a text: `\n` line ends, no NUL, no half surrogate pairs. Parsers call it once, before any offset into the
 * text exists.
 */
export function normalize(text: string): string {
  return text.replace(/\r\n?/g, '\n').replaceAll('\0', ' ').toWellFormed();
}
