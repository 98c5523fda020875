import { listNumber } from '../../blocks/list-number.ts';

/** Largest number that is not written in digits. */
const MAX_SPELLED = 32_767;

const ONES =
  ' one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = '  twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
/** Ordinals that do not end in `th` after their number. */
const ORDINALS: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};
const LATIN = 'abcdefghijklmnopqrstuvwxyz';
const RUSSIAN = 'абвгдежзиклмнопрстуфхцчшщыэюя';
const IDEOGRAPHS = '〇一二三四五六七八九';
const STEMS = '甲乙丙丁戊己庚辛壬癸';

/** Writers by Word's names of the formats. Others are written in digits. */
const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  decimalZero: (value) => String(value).padStart(2, '0'),
  lowerLetter: (value) => letters(value, LATIN),
  upperLetter: (value) => letters(value, LATIN).toUpperCase(),
  lowerRoman: (value) => listNumber(value, 'i'),
  upperRoman: (value) => listNumber(value, 'I'),
  russianLower: (value) => letters(value, RUSSIAN),
  russianUpper: (value) => letters(value, RUSSIAN).toUpperCase(),
  ordinal: (value) => `${value}${ordinalEnd(value)}`,
  cardinalText: (value) => capitalized(cardinal(value)),
  ordinalText: (value) => capitalized(cardinal(value).replace(/\w+$/, ordinalWord)),
  hex: (value) => value.toString(16).toUpperCase(),
  numberInDash: (value) => `- ${value} -`,
  decimalEnclosedCircle: (value) => (value <= 20 ? String.fromCharCode(0x245f + value) : String(value)),
  decimalEnclosedParen: (value) => `(${value})`,
  decimalEnclosedFullstop: (value) => `${value}.`,
  ideographDigital: ideographs,
  chineseCounting: counted,
  chineseCountingThousand: counted,
  taiwaneseCounting: counted,
  taiwaneseCountingThousand: counted,
  japaneseCounting: counted,
  ideographTraditional: (value) => STEMS[value - 1] ?? String(value),
};

/**
 * Writes the number of an item or heading.
 * @param format Word's name of the format
 */
export function formatNumber(value: number, format: string): string {
  const write = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (format === 'none') return '';
  return write && value > 0 && value <= MAX_SPELLED ? write(value) : String(value);
}

/** Writes `a` to `z`, then `aa`, `bb` and so on. */
function letters(value: number, alphabet: string): string {
  const letter = alphabet[(value - 1) % alphabet.length] ?? '';
  return letter.repeat(Math.ceil(value / alphabet.length));
}

function ordinalEnd(value: number): string {
  const isTeen = Math.floor(value / 10) % 10 === 1;
  return (isTeen ? undefined : ['th', 'st', 'nd', 'rd'][value % 10]) ?? 'th';
}

function cardinal(value: number): string {
  if (value >= 100) return String(value);
  const ones = ONES[value];
  if (ones !== undefined) return ones;
  const rest = ONES[value % 10] ?? '';
  return `${TENS[Math.floor(value / 10)] ?? ''}${rest === '' ? '' : `-${rest}`}`;
}

function ordinalWord(word: string): string {
  if (/\d$/.test(word)) return word + ordinalEnd(Number(word));
  return ORDINALS[word] ?? `${word.replace(/y$/, 'ie')}th`;
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function ideographs(value: number): string {
  return Array.from(String(value), (digit) => IDEOGRAPHS[Number(digit)] ?? '').join('');
}

/** Writes 十一 for 11. */
function counted(value: number): string {
  if (value > 99) return ideographs(value);
  const tens = Math.floor(value / 10);
  const ones = value % 10 === 0 ? '' : ideographs(value % 10);
  return tens === 0 ? ones : `${tens === 1 ? '' : ideographs(tens)}十${ones}`;
}
