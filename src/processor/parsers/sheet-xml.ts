import { cellFormats, formatNumber, type CellFormat } from './cell-format.ts';
import type { XmlParts } from './open-xml.ts';

const SHEET_PART = /^xl\/worksheets\/[^/]+\.xml$/;
/** Up to the next cell at most, so that one that is never closed costs no more than the others. */
const CELL = /<c\b([^<>]*?)(?:\/>|>((?:(?!<c\b)[^])*?)<\/c>)/g;
const VALUE = /<v>([^<]*)<\/v>/;

/**
 * Rewrites a workbook: a number that is shown as a date, a time or a percentage becomes the text that says so, and
 * others have the digits that they were typed with.
 */
export function mendSheets(parts: XmlParts): void {
  const formats = cellFormats(parts.get('xl/styles.xml') ?? '');
  const since1904 = /<workbookPr\b[^<>]*\bdate1904="(?:1|true)"/.test(parts.get('xl/workbook.xml') ?? '');
  for (const [name, xml] of parts) {
    if (SHEET_PART.test(name)) parts.set(name, mendSheet(xml, formats, since1904));
  }
}

function mendSheet(xml: string, formats: readonly CellFormat[], since1904: boolean): string {
  return xml.replace(CELL, (cell, attributes: string, body = '') => {
    const type = /\bt="([^"]*)"/.exec(attributes)?.[1] ?? 'n';
    const value = VALUE.exec(body)?.[1];
    if (type !== 'n' || value === undefined) return cell;
    const format = formats[Number(/\bs="(\d+)"/.exec(attributes)?.[1] ?? 0)];
    const text = formatNumber(value, format ?? 'number', since1904);
    return `<c${attributes.replace(/\s*\bt="[^"]*"/, '')} t="str"><v>${text}</v></c>`;
  });
}
