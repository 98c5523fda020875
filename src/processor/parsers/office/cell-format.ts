/** How a spreadsheet shows a cell's number. */
export type CellFormat = 'number' | 'percent' | 'date' | 'time' | 'date-time' | 'duration';

/** Built-in formats by their ids. The file holds no code for them. */
const BUILT_IN: readonly [first: number, last: number, CellFormat][] = [
  [9, 10, 'percent'],
  [14, 17, 'date'],
  [18, 21, 'time'],
  [22, 22, 'date-time'],
  [27, 31, 'date'],
  [32, 33, 'time'],
  [34, 36, 'date'],
  [45, 45, 'time'],
  [46, 46, 'duration'],
  [47, 47, 'time'],
  [50, 58, 'date'],
];

/** Literal parts of a format: quoted or escaped text, character widths, bracketed colours and languages. */
const LITERAL = /"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]/gi;
const DAY_MS = 24 * 60 * 60 * 1000;
const DAY_SECONDS = 24 * 60 * 60;
/** Day 0. This calendar has a 29th of February 1900. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
const FALSE_LEAP_DAY = 60;
/** The end of the year 9999. */
const LAST_DAY = 2_958_465;
/** Significant digits that a spreadsheet keeps. */
const DIGITS = 15;

/** Reads the formats of a workbook's cell styles from `styles.xml`, by style index. */
export function cellFormats(styles: string): CellFormat[] {
  const codes = new Map<number, string>();
  for (const [tag] of styles.matchAll(/<numFmt\b[^<>]*>/g)) {
    const code = /\bformatCode="([^"]*)"/.exec(tag)?.[1] ?? '';
    codes.set(numberOf(tag, 'numFmtId'), code.replaceAll('&quot;', '"'));
  }
  const cells = /<cellXfs\b(?:(?!<cellXfs\b)[^])*?<\/cellXfs>/.exec(styles)?.[0] ?? '';
  return [...cells.matchAll(/<xf\b[^<>]*>/g)].map(([tag]) => {
    const id = numberOf(tag, 'numFmtId');
    const code = codes.get(id);
    if (code !== undefined) return formatOf(code);
    return BUILT_IN.find(([first, last]) => id >= first && id <= last)?.[2] ?? 'number';
  });
}

function numberOf(tag: string, attribute: string): number {
  return Number(new RegExp(`\\b${attribute}="(\\d+)"`).exec(tag)?.[1] ?? 0);
}

function formatOf(code: string): CellFormat {
  const [positive = ''] = code.replace(LITERAL, '').split(';');
  if (/general/i.test(positive)) return 'number';
  if (/\[[hms]+\]/i.test(positive)) return 'duration';
  const time = /[hs]/i.test(positive);
  // Beside hours or seconds, m means minutes.
  const date = /[yd]|mmm/i.test(positive) || (!time && /m/i.test(positive));
  if (date) return time ? 'date-time' : 'date';
  if (time) return 'time';
  return positive.includes('%') ? 'percent' : 'number';
}

/**
 * Formats a cell's number as text. Dates and times become ISO 8601. Others keep the digits that a person typed.
 * @param value from the file
 * @param since1904 whether days count from 1904
 */
export function formatNumber(value: string, format: CellFormat, since1904: boolean): string {
  const number = Number(value);
  // Text with more digits than a number holds stays unchanged.
  if (!Number.isFinite(number) || value.trim() === '') return value;
  if (format === 'percent') return `${typed(number * 100)}%`;
  if (format === 'number' || number < 0 || number > LAST_DAY)
    return /^-?\d+$/.test(value) ? value : typed(number);
  const seconds = Math.round(number * DAY_SECONDS);
  if (format === 'duration') return clock(seconds);
  const days = Math.floor(seconds / DAY_SECONDS);
  const time = clock(seconds % DAY_SECONDS);
  if (format === 'time') return time;
  const day = dayOf(days, since1904);
  return format === 'date' || seconds % DAY_SECONDS === 0 ? day : `${day} ${time}`;
}

function typed(number: number): string {
  return String(Number(number.toPrecision(DIGITS)));
}

function dayOf(days: number, since1904: boolean): string {
  const shift = !since1904 && days < FALSE_LEAP_DAY ? 1 : 0;
  return new Date((since1904 ? EPOCH_1904 : EPOCH_1900) + (days + shift) * DAY_MS).toISOString().slice(0, 10);
}

/** Formats a time as `hh:mm`, with seconds if there are any. */
function clock(seconds: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const rest = seconds % 60;
  const minutes = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`;
  return rest === 0 ? minutes : `${minutes}:${two(rest)}`;
}
