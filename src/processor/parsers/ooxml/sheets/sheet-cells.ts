import { ProcessorError } from '../../../errors.ts';
import type { SheetCell } from '../../blocks/sheet-tables.ts';
import type { ReadRow } from '../../blocks/sheet-view.ts';
import { elementAt, elementsIn, isSet, ownText, type XmlElement } from '../../markup/xml-element.ts';
import { columnIn } from './cell-range.ts';
import { formatNumber, GENERAL, type NumberFormat } from './number-format.ts';
import { richText, unescaped } from './shared-strings.ts';

/** Most cells of a workbook. */
const MAX_CELLS = 400_000;
const TOO_MANY = 'The workbook has too many cells to read. Upload it in smaller parts.';
const FLAGS = new Map([
  ['0', 'FALSE'],
  ['1', 'TRUE'],
]);

/** Reads the cells of a workbook as its program shows them. */
export class CellReader {
  readonly #strings: readonly string[];
  readonly #styles: readonly NumberFormat[];
  readonly #since1904: boolean;
  #cells = 0;

  constructor(strings: readonly string[], styles: readonly NumberFormat[], since1904: boolean) {
    this.#strings = strings;
    this.#styles = styles;
    this.#since1904 = since1904;
  }

  /**
   * Reads a row. Empty cells are left out.
   * @param next its number, if it has none itself
   * @throws {ProcessorError} `text_too_long` for too many cells
   */
  row(element: XmlElement, next: number): ReadRow {
    const row = Number(element.attributes.get('r') ?? next + 1) - 1;
    const cells: SheetCell[] = [];
    let column = 0;
    for (const cell of elementsIn(element, 's:c')) {
      column = columnIn(cell.attributes.get('r') ?? '') ?? column;
      const text = this.#text(cell);
      if (text.trim() !== '') cells.push({ text, column, style: styleOf(cell) });
      column++;
    }
    this.#cells += cells.length;
    if (this.#cells > MAX_CELLS) throw new ProcessorError('text_too_long', { detail: TOO_MANY });
    return { row, cells, isHidden: isSet(element, 'hidden') };
  }

  #text(cell: XmlElement): string {
    const value = ownText(elementAt(cell, 's:v'));
    switch (cell.attributes.get('t')) {
      case 's':
        return this.#strings[Number(value)] ?? '';
      case 'inlineStr':
        return elementsIn(cell, 's:is').map(richText).join('') || value;
      case 'b':
        return FLAGS.get(value.trim()) ?? value;
      case 'd':
        return value.replace('T', ' ').replace(/ 00:00(?::00(?:\.0*)?)?$/, '');
      case 'str':
      case 'e':
        return unescaped(value);
      default:
        return formatNumber(value, this.#styles[styleOf(cell)] ?? GENERAL, this.#since1904);
    }
  }
}

function styleOf({ attributes }: XmlElement): number {
  return Number(attributes.get('s') ?? 0);
}
