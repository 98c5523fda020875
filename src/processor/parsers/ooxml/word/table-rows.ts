import type { Spans } from '../../blocks/block.ts';
import { descendants, elementAt, ownText, type XmlElement } from '../../markup/xml-element.ts';
import { contentOf } from '../alternate-content.ts';
import { isOn, numberAt } from './properties.ts';

/** Matches elements of a cell that hold more than words. */
const OTHER_CONTENT = /^(?:w:(?:drawing|pict|object|sym|altChunk|fldChar|fldSimple|\w+Reference)|m:oMath)$/;
/** Elements that may stand around rows and cells. */
const WRAPPERS = new Set(['w:sdt', 'w:sdtContent', 'w:customXml', 'w:ins', 'w:moveTo']);
/** Most columns before a cell. Word's tables have 63. */
const MAX_COLUMNS = 1000;

interface WordRow {
  isHeader: boolean;
  cells: WordCell[];
}

interface WordCell extends Required<Spans> {
  /** The cell, and those merged into it from below. */
  parts: XmlElement[];
}

/**
 * Places the cells of a table in its columns, without deleted rows and cells.
 * @param takesHidden decides about a hidden row
 */
export function tableRows(table: XmlElement, takesHidden: () => boolean): WordRow[] {
  const rows: WordRow[] = [];
  // Cells that those below may be merged into, by their columns.
  const merging = new Map<number, WordCell>();
  for (const row of within(table, 'w:tr')) {
    const properties = elementAt(row, 'w:trPr');
    if (elementAt(properties, 'w:del')) continue;
    if (isOn(properties, 'w:hidden') && !takesHidden()) continue;
    rows.push({
      isHeader: isOn(properties, 'w:tblHeader') ?? false,
      cells: cellsIn(row, numberAt(properties, 'w:gridBefore') ?? 0, merging),
    });
  }
  return rows;
}

function cellsIn(row: XmlElement, before: number, merging: Map<number, WordCell>): WordCell[] {
  const cells: WordCell[] = [];
  let column = Math.min(before, MAX_COLUMNS);
  for (const part of within(row, 'w:tc')) {
    const properties = elementAt(part, 'w:tcPr');
    if (elementAt(properties, 'w:cellDel')) continue;
    const columnSpan = Math.min(Math.max(numberAt(properties, 'w:gridSpan') ?? 1, 1), MAX_COLUMNS);
    const beside = cells.at(-1);
    const above = goesOn(properties, 'w:vMerge') ? merging.get(column) : undefined;
    if (beside && goesOn(properties, 'w:hMerge')) {
      beside.columnSpan += columnSpan;
      beside.parts.push(part);
    } else if (above) {
      above.rowSpan++;
      // Some programs repeat the words of a merged cell in each row.
      if (!saysTheSame(part, above.parts.at(-1))) above.parts.push(part);
    } else {
      const cell = { column, columnSpan, rowSpan: 1, parts: [part] };
      cells.push(cell);
      if (elementAt(properties, 'w:vMerge')) merging.set(column, cell);
      else merging.delete(column);
    }
    column += columnSpan;
  }
  return cells;
}

function saysTheSame(part: XmlElement, other: XmlElement | undefined): boolean {
  return other !== undefined && isWordsOnly(part) && textOf(part) === textOf(other);
}

function isWordsOnly(part: XmlElement): boolean {
  for (const { name } of descendants(part)) if (OTHER_CONTENT.test(name)) return false;
  return true;
}

function textOf(part: XmlElement): string {
  const texts = [...descendants(part)].filter(({ name }) => name === 'w:t');
  return texts.map(ownText).join('').trim();
}

/** Returns whether a merge property continues a merge. One without a value does. */
function goesOn(properties: XmlElement | undefined, name: string): boolean {
  const merge = elementAt(properties, name);
  return merge !== undefined && (merge.attributes.get('w:val') ?? 'continue') === 'continue';
}

/** Returns the rows of a table or the cells of a row. Content controls may stand around them. */
function within(element: XmlElement, name: string): XmlElement[] {
  return contentOf(element).flatMap((child) => {
    if (child.name === name) return [child];
    return WRAPPERS.has(child.name) ? within(child, name) : [];
  });
}
