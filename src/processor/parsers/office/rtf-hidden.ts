/** Tokens in order: binary length, control word with number, coded character, control symbol, brace, plain text. */
const TOKEN =
  /\\bin(?<bytes>\d+) ?|\\(?<word>[a-zA-Z]+)(?<number>-?\d+)? ?|\\'[\da-fA-F]{2}|\\[^a-zA-Z]|(?<brace>[{}])|[^\\{}]+/gy;
const HIDES = /\\v(?![a-z0])/;

/**
 * Removes characters that RTF hides from readers. It keeps formatting and groups.
 * @param rtf its bytes as Latin-1
 */
export function withoutHidden(rtf: string): string {
  if (!HIDES.test(rtf)) return rtf;
  let visible = '';
  /** One entry for each open group, innermost last. */
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
