/**
 * Text as everything after the parsers may rely on it: `\n` line ends, no NUL, no half surrogate pairs. It is
 * done once, before any offset into the text exists.
 */
export function normalize(text: string): string {
  return text.replace(/\r\n?/g, '\n').replaceAll('\0', ' ').toWellFormed();
}
