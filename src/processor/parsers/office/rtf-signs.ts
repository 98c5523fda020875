/** Signs with an RTF control word that the office library does not know. */
const SIGNS: Readonly<Record<string, string>> = {
  emdash: '\u2014',
  endash: '\u2013',
  bullet: '\u2022',
  emspace: '\u2003',
  enspace: '\u2002',
  '~': '\u00a0',
  _: '-',
};
/** An escaped backslash is a sign. The next one begins no word. */
const WORD = /\\\\|\\(?:(emdash|endash|bullet|emspace|enspace)(?![a-z]) ?|([~_]))/g;
/** Control words that separate words and paragraphs like a paragraph's end. */
const BREAK = /\\\\|\\(?:page|column|sect)(?![a-z]) ?/g;

/**
 * Spells dashes, bullets, spaces and breaks so that the office library keeps them.
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
