/** The signs that RTF has a word for and the office library has not. */
const SIGNS: Readonly<Record<string, string>> = {
  emdash: '\u2014',
  endash: '\u2013',
  bullet: '\u2022',
  emspace: '\u2003',
  enspace: '\u2002',
  '~': '\u00a0',
  _: '-',
};
/** A backslash before another is a mere sign, and the next begins no word. */
const WORD = /\\\\|\\(?:(emdash|endash|bullet|emspace|enspace)(?![a-z]) ?|([~_]))/g;
/** What parts words, and paragraphs, as well as a paragraph's end does. */
const BREAK = /\\\\|\\(?:page|column|sect)(?![a-z]) ?/g;

/**
 * RTF with dashes, bullets, spaces and breaks written so that the office library does not lose them.
 * @param rtf its bytes as Latin-1
 */
export function spellSigns(rtf: string): string {
  return rtf
    .replace(BREAK, (word) => (word === '\\\\' ? word : '\\par '))
    .replace(WORD, (word, name?: string, sign?: string) => {
      const char = SIGNS[name ?? sign ?? ''];
      return char === undefined ? word : String.raw`{\uc1\u${char.charCodeAt(0)} ?}`;
    });
}
