import type { Flow } from './rtf-flow.ts';
import type { Captured } from './rtf-state.ts';

/** Signs and breaks that a control word stands for. */
export const SIGNS: Readonly<Record<string, string>> = {
  emdash: '\u2014',
  endash: '\u2013',
  lquote: '\u2018',
  rquote: '\u2019',
  ldblquote: '\u201c',
  rdblquote: '\u201d',
  bullet: '\u2022',
  emspace: '\u2003',
  enspace: '\u2002',
  qmspace: ' ',
  tab: '\t',
  line: '\n',
  lbr: '\n',
  '~': '\u00a0',
  _: '-',
  // Parts of a formula.
  mden: '/',
  msup: '^',
  msub: '_',
};

/** Words and symbols that end a paragraph. */
export const ENDS_PARAGRAPH = new Set(['par', 'sect', 'page', 'column', '\n', '\r']);

/** Groups whose text flows by itself. */
export const FLOWS: Readonly<Record<string, Flow['kind']>> = {
  footnote: 'note',
  annotation: 'comment',
  header: 'header',
  headerl: 'header',
  headerr: 'header',
  headerf: 'header',
  footer: 'footer',
  footerl: 'footer',
  footerr: 'footer',
  footerf: 'footer',
  shptxt: 'box',
  dptxbxtext: 'box',
};
/** Groups whose words are not part of the text. */
export const CAPTURED: Readonly<Record<string, Captured>> = {
  fonttbl: 'font',
  stylesheet: 'style',
  listtext: 'mark',
  pntext: 'mark',
  atnauthor: 'author',
  fldinst: 'field',
};

/** Groups that a reader does not see. */
const NOT_SHOWN = new Set([
  'colortbl',
  'info',
  'pict',
  'nonshppict',
  'shprslt',
  'listtable',
  'listoverridetable',
  'revtbl',
  'rsidtbl',
  'filetbl',
  'template',
  'objdata',
  'objclass',
  'objname',
  'sp',
  'xe',
  'tc',
  'tcn',
  'rxe',
  'bkmkstart',
  'bkmkend',
  'ftnsep',
  'ftnsepc',
  'ftncn',
  'aftnsep',
  'aftnsepc',
  'aftncn',
  'nonesttables',
  'atnid',
  'atnref',
  'atndate',
  'atntime',
  'atnparent',
  'atnicn',
  'generator',
]);
/** Groups that a program may skip if it does not know them, and that have words or lead to some. */
const KNOWN = new Set([
  'shpinst',
  'do',
  'footnote',
  'annotation',
  'atnauthor',
  'fldinst',
  'fldrslt',
  'listtext',
  'pntext',
  'nesttableprops',
  'moMath',
  'moMathPara',
  'ud',
]);

/** Returns whether a group with a first word has nothing to read. */
export function isNotShown(word: string, mayBeSkipped: boolean): boolean {
  return NOT_SHOWN.has(word) || /^m\w+Pr$/.test(word) || (mayBeSkipped && !KNOWN.has(word));
}
