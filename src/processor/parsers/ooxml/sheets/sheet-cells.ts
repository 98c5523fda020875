import type { SheetCell } from '../../blocks/sheet-tables.ts';
import type { ReadRow } from '../../blocks/sheet-view.ts';
import { elementAt, elementsIn, isSet, ownText, type XmlElement } from '../../markup/xml-element.ts';
import { columnIn } from './cell-range.ts';
import { formatNumber, GENERAL, type NumberFormat } from './number-format.ts';
import { richText, unescaped } from './shared-strings.ts';

const FLAGS = new Map([
  ['0', 'FALSE'],
  ['1', 'TRUE'],
]);

/** Reads the cells of a workbook as its program shows them. */
export class CellReader {
  readonly #strings: readonly string[];
  readonly #styles: readonly NumberFormat[];
  readonly #since1904: boolean;

  constructor(strings: readonly string[], styles: readonly NumberFormat[], since1904: boolean) {
    this.#strings = strings;
    this.#styles = styles;
    this.#since1904 = since1904;
  }

  /**
   * Reads a row. Empty cells are left out.
   * @param next its number, if it has none itself
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
