/** Keeps a number and its unit on one line. */
export const NBSP = '\u00a0';

const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
const UNITS = ['KB', 'MB', 'GB', 'TB'];

/** Formats a whole number: “1,204”. */
export const whole = (value: number): string => WHOLE.format(value);
/** Formats a number with one decimal: “1.5”. */
export const tenths = (value: number): string => TENTHS.format(value);
/** Formats a share from 0 to 1: “74%”. It rounds down, because 100 % means the end. */
export const percent = (share: number): string => PERCENT.format(Math.floor(share * 100) / 100);

/** Formats a count: “1,204 chunks”, “1 chunk”. */
export function quantity(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a size: “14 bytes”, “168 KB”, “2.8 MB”. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return quantity(bytes, 'byte');
  let size = bytes / 1000;
  let unit = 0;
  for (; size >= 999.5 && unit < UNITS.length - 1; unit++) size /= 1000;
  return `${unit === 0 ? whole(size) : tenths(size)}${NBSP}${UNITS[unit]}`;
}
