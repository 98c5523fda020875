/** A text's words: runs of letters and digits, in lower case. */
export function wordsOf(text: string): string[] {
  // One character may be written in several ways, such as a ligature.
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
