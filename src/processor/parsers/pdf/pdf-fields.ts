import { oneLine } from '../markdown-writer.ts';

/** A rectangle of a page, in points from its left top corner, as it is shown. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** A piece of a page's text, and where it stands. */
export interface PlacedText {
  text: string;
  box: Box;
  /** Clockwise rotation in degrees. */
  rotation?: number;
}

/** The place of a form's field on a page, as pdf.js has it: a field may have many. */
export interface Widget {
  subtype: string;
  rect: number[];
  annotationFlags: number;
  fieldType?: string | null;
  /** Its names and those of what it is a part of, outermost first, with dots between. */
  fieldName?: string;
  alternativeText?: string;
  fieldValue?: unknown;
  password?: boolean;
  checkBox?: boolean;
  radioButton?: boolean;
  /** What the field's value is while this check box, or this radio button, is ticked. */
  exportValue?: string;
  buttonValue?: string | null;
  /** Whether only what is chosen is shown, and not all that there is to choose from. */
  combo?: boolean;
  options?: { exportValue: string; displayValue: string }[];
}

/** What is filled in at a place of a page. */
interface FilledField {
  label: string;
  value: string;
  box: Box;
  /** Whether it is plain from the page's text where that has the value in its place. */
  canBeShown: boolean;
}

/** A page with more is refused, whatever else is filled in on it. */
const MAX_CHARS = 20_000_000;
/** Comparing more takes longer than to read some values twice is worth. */
const MAX_COMPARED_CHARS = 5_000_000;
/** How far text reaches into a field at least, in points, to be of it. */
const MIN_OVERLAP = 3;
/** How far from where it is by the count of characters a place within a text may be, in the text's widths. */
const EDGE_TOLERANCE = 0.2;
/** Not shown to whoever looks at the page: `Hidden`, `NoView`. */
const HIDDEN_FLAGS = 0b100010;
/** Values of ticked check boxes that say no more than that they are. */
const MERELY_TICKED = /^(?:on|yes|true|x|\d*)$/i;

/**
 * What is filled in on a page, as the items of a Markdown list in reading order; not what its text shows, or is empty,
 * hidden, or a password.
 * @param boxOf where a widget's rectangle is on the page as it is shown
 * @param pageText what has been read of the page
 * @param shown the pieces of text that stand on it, of which what has been read may leave some out
 */
export function fieldItems(
  widgets: readonly Widget[],
  boxOf: (rect: readonly number[]) => Box,
  pageText: string,
  shown: readonly PlacedText[],
): string {
  const filled: FilledField[] = [];
  let chars = 0;
  for (const widget of widgets) {
    const value = isReadable(widget) ? plain(valueOf(widget)) : '';
    if (value === '') continue;
    const label = plain(widget.alternativeText ?? '') || plain(ownName(widget));
    const canBeShown = widget.fieldType === 'Tx' || widget.combo === true;
    filled.push({ label, value, box: boxOf(widget.rect), canBeShown });
    chars += label.length + value.length;
    if (chars > MAX_CHARS) break;
  }
  const shownChars = shown.reduce((sum, { text }) => sum + text.length + 1, pageText.length);
  const comparable = filled.length * shownChars <= MAX_COMPARED_CHARS;
  const words = withoutBlanks(pageText);
  const isKnown = (field: FilledField) =>
    comparable && field.canBeShown && words.includes(withoutBlanks(field.value)) && isShown(field, shown);
  return inReadingOrder(filled)
    .filter((field) => !isKnown(field))
    .map(({ label, value }) => (label === '' ? `- ${value}` : `- ${label}: ${value}`))
    .join('\n');
}

function isReadable({ subtype, annotationFlags, password }: Widget): boolean {
  return subtype === 'Widget' && (annotationFlags & HIDDEN_FLAGS) === 0 && password !== true;
}

function valueOf(widget: Widget): string {
  const { fieldType, fieldValue } = widget;
  const values = (Array.isArray(fieldValue) ? fieldValue : [fieldValue]).filter(
    (value): value is string => typeof value === 'string',
  );
  const [value = ''] = values;
  if (fieldType === 'Tx') return value;
  if (fieldType === 'Ch') {
    const names = new Map(widget.options?.map((option) => [option.exportValue, option.displayValue]));
    return values.map((chosen) => names.get(chosen) ?? chosen).join(', ');
  }
  if (value === '' || value === 'Off') return '';
  if (widget.radioButton) return value === widget.buttonValue ? value : '';
  if (!widget.checkBox || value !== widget.exportValue) return '';
  return MERELY_TICKED.test(value) || value === ownName(widget) ? 'yes' : value;
}

/** The last part of a field's name, without its index among those of the same name. */
function ownName({ fieldName = '' }: Widget): string {
  return fieldName.slice(fieldName.lastIndexOf('.') + 1).replace(/\[\d+\]$/, '');
}

/** On one line, without what steers a terminal, or writes letters in another order than they stand in. */
function plain(text: string): string {
  return oneLine(text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' '));
}

/** From the top to the bottom, and on one height from left to right. */
function inReadingOrder(fields: readonly FilledField[]): FilledField[] {
  const rows: FilledField[][] = [];
  let bottom = -Infinity;
  for (const field of fields.toSorted((a, b) => middle(a.box) - middle(b.box))) {
    if (middle(field.box) > bottom) {
      rows.push([]);
      bottom = field.box[3];
    }
    rows.at(-1)?.push(field);
  }
  return rows.flatMap((row) => row.toSorted((a, b) => a.box[0] - b.box[0]));
}

function middle([, top, , bottom]: Box): number {
  return (top + bottom) / 2;
}

/** Whether the page's text has a field's value, and no part of other words, where the field is. */
function isShown({ value, box }: FilledField, shown: readonly PlacedText[]): boolean {
  const [left, top, right, bottom] = box;
  let text = '';
  const edges = new Set([0]);
  for (const piece of shown) {
    const [from, , to] = piece.box;
    const height = middle(piece.box);
    if (height < top || height > bottom || from > right - MIN_OVERLAP || to < left + MIN_OVERLAP) continue;
    // What stands before or after the field, like its label, may be of one piece with the value.
    const isEdge = (x: number) =>
      (from < left && Math.abs(x - left) < (to - from) * EDGE_TOLERANCE) ||
      (to > right && Math.abs(x - right) < (to - from) * EDGE_TOLERANCE);
    for (let index = 0; index < piece.text.length; index++) {
      if (isEdge(from + ((to - from) * index) / piece.text.length)) edges.add(text.length);
      text += withoutBlanks(piece.text.charAt(index));
    }
    edges.add(text.length);
  }
  const wanted = withoutBlanks(value);
  return [...edges].some((edge) => edges.has(edge + wanted.length) && text.startsWith(wanted, edge));
}

function withoutBlanks(text: string): string {
  return text.replace(/\s+/g, '');
}
