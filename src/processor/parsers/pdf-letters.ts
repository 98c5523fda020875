/** A text's letters and digits, and where in it each of their units begins and ends. */
export interface Letters {
  letters: string;
  starts: number[];
  ends: number[];
}

/** A text's letters and digits, without their marks: however words are cut, joined or styled, these are the same. */
export function lettersOf(text: string): string {
  return text.normalize('NFKD').replace(/[^\p{L}\p{N}]+/gu, '');
}

/** A text's letters and digits with their places. Signs like ㎡ and ™ hold letters too, as {@link lettersOf} has them. */
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
