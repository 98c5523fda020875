/** A text's letters and digits. `starts` and `ends` hold the place of each of their UTF-16 units in the text. */
export interface Letters {
  letters: string;
  starts: number[];
  ends: number[];
}

/** Returns a text's letters and digits without marks. Cutting, joining or styling words does not change them. */
export function lettersOf(text: string): string {
  return text.normalize('NFKD').replace(/[^\p{L}\p{N}]+/gu, '');
}

/** Returns a text's letters and digits with their places. Signs like ㎡ and ™ count as the letters they hold. */
export function lettersIn(text: string): Letters {
  const found: Letters = { letters: '', starts: [], ends: [] };
  for (const { 0: letter, index } of text.matchAll(/[\p{L}\p{N}\p{S}]/gu)) {
    const plain = lettersOf(letter);
    found.letters += plain;
    for (let unit = 0; unit < plain.length; unit++) {
      found.starts.push(index);
      found.ends.push(index + letter.length);
    }
  }
  return found;
}
