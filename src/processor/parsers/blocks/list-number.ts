const ROMAN: readonly (readonly [value: number, sign: string])[] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];
/** Above it a number stays in digits, because letters and Roman numerals would grow with it. */
const MAX_LETTERED = 4000;
const LETTERS = 26;

/**
 * Writes the number of a list item: `3`, `c`, `C`, `iii` or `III`. After `z` comes `aa`.
 * @param style its first number, as HTML and OpenDocument name it: `a`, `A`, `i` or `I`. Any other means digits.
 */
export function listNumber(number: number, style: string): string {
  if (!/^[ai]$/i.test(style) || number < 1 || number > MAX_LETTERED) return String(number);
  const written = style.toLowerCase() === 'a' ? letters(number) : roman(number);
  return style === style.toUpperCase() ? written.toUpperCase() : written;
}

function letters(number: number): string {
  let written = '';
  for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / LETTERS))
    written = String.fromCharCode(0x61 + ((rest - 1) % LETTERS)) + written;
  return written;
}

function roman(number: number): string {
  let written = '';
  let rest = number;
  for (const [value, sign] of ROMAN) {
    written += sign.repeat(Math.floor(rest / value));
    rest %= value;
  }
  return written;
}
