/** Splits a text into words: runs of letters and digits, in lower case. */
export function wordsOf(text: string): string[] {
  // Normalizes first, because Unicode spells some characters in several ways, such as a ligature.
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
