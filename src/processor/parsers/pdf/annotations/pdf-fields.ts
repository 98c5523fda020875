import { oneLine } from '../../markdown-writer.ts';

/** A rectangle on the displayed page, in points from its top left corner. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** A piece of a page's text with its place. */
export interface PlacedText {
  text: string;
  box: Box;
  /** Clockwise rotation in degrees. */
  rotation?: number;
}

/** A widget annotation of pdf.js: one place of a form field. A field may have several. */
export interface Widget {
  subtype: string;
  rect: number[];
  annotationFlags: number;
  fieldType?: string | null;
  /** Names of the field and its ancestors, outermost first, joined by dots. */
  fieldName?: string;
  alternativeText?: string;
  fieldValue?: unknown;
  password?: boolean;
  checkBox?: boolean;
  radioButton?: boolean;
  /** The field's value while this check box or radio button is ticked. */
  exportValue?: string;
  buttonValue?: string | null;
  /** Whether the page shows only the chosen option. */
  combo?: boolean;
  options?: { exportValue: string; displayValue: string }[];
}

/** A filled-in value at one place of a page. */
interface FilledField {
  label: string;
  value: string;
  box: Box;
  /** Whether the page's text may already contain the value at this place. */
  canBeShown: boolean;
}

/**
 * Most characters of labels and values on a page. Collecting stops there, and the page's text is refused as too long.
 */
const MAX_CHARS = 20_000_000;
/** Limit of fields times characters. Above it, skip duplicate detection. It costs more than a few repeated values. */
const MAX_COMPARED_CHARS = 5_000_000;
/** Smallest horizontal overlap of text and field, in points. */
const MIN_OVERLAP = 3;
/** Tolerance for estimated character positions, as a share of the text's width. */
const EDGE_TOLERANCE = 0.2;
/** Annotation flags `Hidden` and `NoView`. */
export const HIDDEN_FLAGS = 0b100010;
/** Values that only say that a check box is ticked. */
const MERELY_TICKED = /^(?:on|yes|true|x|\d*)$/i;

/**
 * Lists a page's filled-in values as Markdown, in reading order. It leaves out empty, hidden and password fields, and
 * values that the page's text shows.
 * @param boxOf converts a widget's rectangle to the displayed page
 * @param pageText text that a reader found on the page
 * @param shown all text on the page; `pageText` may lack some of it
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
  // The first reader may join the lines of two fields side by side, so each word counts.
  const isKnown = (field: FilledField) =>
    comparable &&
    field.canBeShown &&
    field.value.split(' ').every((word) => words.includes(word)) &&
    isShown(field, shown);
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

/** Returns the last part of a field's name, without its index. */
function ownName({ fieldName = '' }: Widget): string {
  return fieldName.slice(fieldName.lastIndexOf('.') + 1).replace(/\[\d+\]$/, '');
}

/** Puts text on one line without control characters and direction overrides. */
export function plain(text: string): string {
  return oneLine(text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' '));
}

/** Sorts fields from top to bottom, and from left to right within a row. */
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

/** Returns whether the page's text shows a field's value, as whole words, at the field's place. */
function isShown({ value, box }: FilledField, shown: readonly PlacedText[]): boolean {
  const [left, top, right, bottom] = box;
  let text = '';
  const edges = new Set([0]);
  for (const piece of shown) {
    const [from, , to] = piece.box;
    const height = middle(piece.box);
    if (height < top || height > bottom || from > right - MIN_OVERLAP || to < left + MIN_OVERLAP) continue;
    // One piece may hold the value and the text beside the field, such as its label.
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

export function withoutBlanks(text: string): string {
  return text.replace(/\s+/g, '');
}
