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

/** RTF with dashes, bullets and spaces written so that the office library does not lose them. */
export function spellSigns(rtf: Buffer): Buffer {
  const mended = rtf.toString('latin1').replace(WORD, (word, name?: string, sign?: string) => {
    const char = SIGNS[name ?? sign ?? ''];
    return char === undefined ? word : String.raw`{\uc1\u${char.charCodeAt(0)} ?}`;
  });
  return Buffer.from(mended, 'latin1');
}
