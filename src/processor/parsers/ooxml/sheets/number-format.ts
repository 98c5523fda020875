/** Format of a number in a spreadsheet. Each section is for numbers of one sign, or of its own condition. */
export type NumberFormat = readonly [Section, ...Section[]];

type Kind = 'number' | 'date' | 'time' | 'date-time' | 'duration';

interface Section {
  kind: Kind;
  /** Words and signs around the digits, such as a currency. */
  before: string;
  after: string;
  /** Places of the digits, if the format fills them all, such as those of a number of an account. */
  places: readonly Place[];
  /** Whether it shows the number at all. */
  hasDigits: boolean;
  /** Factor of the number shown: 100 for a percentage, 0.001 for thousands. */
  scale: number;
  fits?: (number: number) => boolean;
}

/** A place for a digit. */
interface Place {
  /** Text before it. */
  before: string;
  /** Filler of a place without a digit. */
  filler: '0' | '';
}

/** Built-in formats by their ids, in the codes of the file. The file holds none for them. */
const BUILT_IN: readonly [first: number, last: number, code: string][] = [
  [5, 8, '$0'],
  [9, 10, '0%'],
  [14, 17, 'yyyy'],
  [18, 21, 'h'],
  [22, 22, 'yyyy h'],
  [27, 31, 'yyyy'],
  [32, 33, 'h'],
  [34, 36, 'yyyy'],
  [42, 42, '$0'],
  [44, 44, '$0'],
  [45, 45, 'h'],
  [46, 46, '[h]'],
  [47, 47, 'h'],
  [50, 58, 'yyyy'],
];

/**
 * Tokens of a code: text in quotes or escaped, a width, a currency, a condition, an elapsed time, another bracket, the
 * next section, seconds with fractions, the denominator of a fraction, and digits.
 */
const TOKEN =
  /"(?<quoted>[^"]*)"?|\\(?<escaped>[^])|(?<width>_[^])|\*[^]|\[\$(?<currency>[^\]-]*)[^\]]*\]|\[(?<sign>[<>=]{1,2})(?<limit>-?[\d.]+)\]|\[(?<elapsed>[hms]+)\]|\[[^\]]*\]|(?<next>;)|(?<seconds>s\.0+)|(?<denominator>\/\d+)|(?<digits>General|[0#?]|E[+-])|(?<comma>,)|(?<percent>%)|(?<other>[^])/gi;
/** Signs around negative numbers. The number keeps its own sign. */
const SIGNS = /^[-+()]$/;
/** Longest code that a spreadsheet takes, in characters. */
const MAX_CODE = 255;
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

/** Returns a built-in format by its id. */
export function builtInFormat(id: number): NumberFormat {
  const code = BUILT_IN.find(([first, last]) => id >= first && id <= last)?.[2];
  return code === undefined ? GENERAL : parseFormat(code);
}

/** Parses the code of a format, such as `#,##0.00 "kg"`. */
export function parseFormat(code: string): NumberFormat {
  const drafts: [SectionDraft, ...SectionDraft[]] = [new SectionDraft()];
  let draft = drafts[0];
  for (const { groups = {} } of code.slice(0, MAX_CODE).matchAll(TOKEN)) {
    if (groups['next'] === undefined) draft.add(groups);
    else drafts.push((draft = new SectionDraft()));
  }
  const [first, ...others] = drafts;
  return [first.section(), ...others.map((other) => other.section())];
}

class SectionDraft {
  #before = '';
  /** Text since the last digit. */
  #text = '';
  /** Letters that are no text. They mean dates and times, unless there are digits. */
  #letters = '';
  #hasDigits = false;
  readonly #places: Place[] = [];
  /** Text since the last digit, with its signs. */
  #between = '';
  /** Whether its places hold the digits of whole numbers, and nothing else. */
  #isWhole = true;
  #isElapsed = false;
  #thousands = 0;
  #percent = 1;
  #fits: Section['fits'];

  add(token: Readonly<Record<string, string | undefined>>): void {
    const { quoted, escaped, currency, sign, elapsed, seconds, denominator, other } = token;
    this.#isWhole &&= other !== '.' && [token['comma'], token['percent'], denominator].every((part) => !part);
    if (token['digits'] !== undefined) this.#addDigits(token['digits']);
    // The number keeps its typed digits.
    else if (denominator !== undefined) this.#text += this.#hasDigits ? '' : denominator;
    else if (token['width'] !== undefined) this.#text += ' ';
    else if (token['comma'] !== undefined) this.#thousands += this.#text === '' ? 1 : 0;
    else if (elapsed !== undefined) this.#isElapsed = true;
    else if (seconds !== undefined) this.#letters += 's';
    else if (token['percent'] !== undefined) {
      this.#percent *= 100;
      this.#text += '%';
    } else if (sign !== undefined) this.#fits = condition(sign, Number(token['limit']));
    else {
      const text = quoted ?? escaped ?? currency ?? other ?? '';
      if (other !== undefined) this.#letters += other;
      this.#between += text;
      if (!SIGNS.test(text) && other !== '.') this.#text += text;
    }
  }

  #addDigits(digits: string): void {
    if (!this.#hasDigits) this.#before = this.#text;
    this.#isWhole &&= digits.length === 1;
    this.#places.push({ before: this.#hasDigits ? this.#between : '', filler: digits === '0' ? '0' : '' });
    this.#between = '';
    this.#hasDigits = true;
    this.#text = '';
    this.#thousands = 0;
  }

  section(): Section {
    return {
      kind: this.#kind,
      before: spaced(this.#before).trimStart(),
      after: this.#hasDigits ? spaced(this.#text).trimEnd() : this.#text.trim(),
      places: this.#isWhole && fillsDigits(this.#places) ? this.#places : [],
      hasDigits: this.#hasDigits,
      scale: this.#percent / 1000 ** this.#thousands,
      ...(this.#fits && { fits: this.#fits }),
    };
  }

  get #kind(): Kind {
    if (this.#hasDigits) return 'number';
    if (this.#isElapsed) return 'duration';
    const time = /[hs]/i.test(this.#letters);
    // Beside hours or seconds, m means minutes.
    const date = /[yd]|mmm/i.test(this.#letters) || (!time && /m/i.test(this.#letters));
    if (date) return time ? 'date-time' : 'date';
    return time ? 'time' : 'number';
  }
}

export const GENERAL = parseFormat('General');

/** Returns whether a format fills a number up with zeros, or writes text between its digits. */
function fillsDigits(places: readonly Place[]): boolean {
  if (places.some(({ before }) => /[()]/.test(before))) return false;
  const isFilled = places.length > 1 && places.slice(0, 2).every(({ filler }) => filler === '0');
  return isFilled || places.some(({ before }) => before.trim() !== '');
}

/** Fills the places of a format with the digits of a whole number, from the right. The first place takes the rest. */
function placed(digits: string, places: readonly Place[]): string {
  const more = digits.length - places.length;
  return places
    .map(({ before, filler }, index) => {
      const end = Math.max(more + index + 1, 0);
      return before + (digits.slice(index === 0 ? 0 : Math.max(end - 1, 0), end) || filler);
    })
    .join('');
}

function condition(sign: string, limit: number): (number: number) => boolean {
  return (number) =>
    (sign.includes('<') && number < limit) ||
    (sign.includes('>') && number > limit) ||
    (sign !== '<>' && sign.includes('=') && number === limit);
}

function spaced(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/**
 * Formats a number as text. Dates and times become ISO 8601. Others keep the digits that a person typed, with their
 * currency or unit.
 * @param value from the file
 * @param since1904 whether days count from 1904
 */
export function formatNumber(value: string, format: NumberFormat, since1904: boolean): string {
  const number = Number(value);
  // Text with more digits than a number holds stays unchanged.
  if (!Number.isFinite(number) || value.trim() === '') return value;
  const section = sectionFor(number, format);
  if (section.kind === 'number') return withUnit(value, number, section);
  if (number < 0 || number > LAST_DAY) return typed(number);
  const seconds = Math.round(number * DAY_SECONDS);
  if (section.kind === 'duration') return clock(seconds);
  const days = Math.floor(seconds / DAY_SECONDS);
  const time = clock(seconds % DAY_SECONDS);
  if (section.kind === 'time') return time;
  const day = dayOf(days, since1904);
  return section.kind === 'date' || seconds % DAY_SECONDS === 0 ? day : `${day} ${time}`;
}

function sectionFor(number: number, format: NumberFormat): Section {
  const [positive, negative = positive, zero = positive] = format;
  if (format.some(({ fits }) => fits)) return format.find(({ fits }) => fits?.(number) ?? true) ?? positive;
  if (number === 0) return zero;
  return number < 0 ? negative : positive;
}

function withUnit(value: string, number: number, section: Section): string {
  const { before, after, places, hasDigits, scale } = section;
  // Some formats show a word for a number, such as yes for 1.
  if (!hasDigits && /\p{L}/u.test(after)) return after;
  const signed = scale === 1 && /^-?\d+$/.test(value) ? value : typed(number * scale);
  if (!hasDigits) return signed;
  const sign = signed.startsWith('-') ? '-' : '';
  const digits = signed.slice(sign.length);
  const shown = places.length > 0 && /^\d+$/.test(digits) ? placed(digits, places) : digits;
  return sign + before + shown + after;
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
