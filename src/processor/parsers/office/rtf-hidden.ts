/** A binary stretch's length; a word with its number; a character by its code; a sign; a brace; plain characters. */
const TOKEN =
  /\\bin(?<bytes>\d+) ?|\\(?<word>[a-zA-Z]+)(?<number>-?\d+)? ?|\\'[\da-fA-F]{2}|\\[^a-zA-Z]|(?<brace>[{}])|[^\\{}]+/gy;
const HIDES = /\\v(?![a-z0])/;

/**
 * RTF without the characters that a reader does not see. What is said of their looks, and what groups them, stays.
 * @param rtf its bytes as Latin-1
 */
export function withoutHidden(rtf: string): string {
  if (!HIDES.test(rtf)) return rtf;
  let visible = '';
  /** Of the groups that are open, the innermost last. */
  const groups: boolean[] = [];
  let hidden = false;
  TOKEN.lastIndex = 0;
  for (let match; (match = TOKEN.exec(rtf));) {
    const [token] = match;
    const { bytes, word, number, brace } = match.groups ?? {};
    if (brace === '{') groups.push(hidden);
    else if (brace === '}') hidden = groups.pop() ?? false;
    else if (word === 'v') hidden = number !== '0';
    else if (word === 'plain') hidden = false;
    if (bytes !== undefined) {
      const end = TOKEN.lastIndex + Number(bytes);
      visible += rtf.slice(match.index, end);
      TOKEN.lastIndex = end;
    } else if (!hidden || brace !== undefined || (word !== undefined && word !== 'u')) visible += token;
  }
  return visible;
}
