import { cellFormats, formatNumber, type CellFormat } from './cell-format.ts';
import type { XmlParts } from './xml-parts.ts';
import { withTextBoxes } from './sheet-boxes.ts';

const SHEET_PART = /^xl\/worksheets\/[^/]+\.xml$/;
/** Matches up to the next cell, so that an unclosed one costs no more than others. */
const CELL = /<c\b([^<>]*?)(?:\/>|>((?:(?!<c\b)[^])*?)<\/c>)/g;
const RELATIONS_PART = 'xl/_rels/workbook.xml.rels';
const VALUE = /<v(?: [^<>]*)?>([^<]*)<\/v>/;

/**
 * Rewrites a workbook. Sheets get the display order and names that the library knows. Dates, times and percentages
 * become text. Other numbers keep the digits that a person typed. Text boxes become rows.
 */
export function normalizeSheets(parts: XmlParts): void {
  const formats = cellFormats(parts.get('xl/styles.xml') ?? '');
  const since1904 = /<workbookPr\b[^<>]*\bdate1904="(?:1|true)"/.test(parts.get('xl/workbook.xml') ?? '');
  const placed = new Set<string>();
  for (const [name, xml] of parts) {
    if (SHEET_PART.test(name))
      parts.set(name, withTextBoxes(normalizeSheet(xml, formats, since1904), name, parts, placed));
  }
  putInOrder(parts);
}

function normalizeSheet(xml: string, formats: readonly CellFormat[], since1904: boolean): string {
  return xml.replace(CELL, (cell, attributes: string, body = '') => {
    const type = /\bt="([^"]*)"/.exec(attributes)?.[1] ?? 'n';
    const value = VALUE.exec(body)?.[1];
    if (value === undefined) return cell;
    // The library takes a formula's escaped result for plain text.
    if (type === 'str') return value.includes('&') ? inlineCell(attributes, value) : cell;
    if (type !== 'n') return cell;
    const format = formats[Number(/\bs="(\d+)"/.exec(attributes)?.[1] ?? 0)];
    const text = formatNumber(value, format ?? 'number', since1904);
    return `<c${attributes.replace(/\s*\bt="[^"]*"/, '')} t="str"><v>${text}</v></c>`;
  });
}

function inlineCell(attributes: string, text: string): string {
  return `<c${attributes.replace(/\bt="str"/, 't="inlineStr"')}><is><t>${text}</t></is></c>`;
}

/** The library reads sheets in archive order and only under Excel's names. */
function putInOrder(parts: XmlParts): void {
  const targets = new Map<string, string>();
  for (const [tag] of (parts.get(RELATIONS_PART) ?? '').matchAll(/<Relationship\b[^<>]*>/g)) {
    targets.set(attributeOf(tag, 'Id'), partOf(attributeOf(tag, 'Target')));
  }
  const shown = [...(parts.get('xl/workbook.xml') ?? '').matchAll(/<sheet\b[^<>]*>/g)]
    .map(([tag]) => targets.get(attributeOf(tag, '\\w+:id')) ?? '')
    .filter((name) => SHEET_PART.test(name));
  const sheets = new Set([...shown, ...[...parts.keys()].filter((name) => SHEET_PART.test(name))]);
  const found = [...sheets].flatMap((name) => {
    const xml = parts.get(name);
    parts.delete(name);
    return xml === undefined ? [] : [{ name, xml }];
  });
  const names = new Map<string, string>();
  for (const [index, { name, xml }] of found.entries()) {
    const known = `xl/worksheets/sheet${index + 1}.xml`;
    names.set(name, known);
    parts.set(known, xml);
  }
  const relations = parts.get(RELATIONS_PART);
  if (relations === undefined) return;
  const renamed = relations.replace(/\bTarget="([^"<>]*)"/g, (attribute, target: string) => {
    const name = names.get(partOf(target));
    return name === undefined ? attribute : `Target="/${name}"`;
  });
  parts.set(RELATIONS_PART, renamed);
}

function attributeOf(tag: string, name: string): string {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
}

/** Resolves the part that a workbook's relationship targets. */
function partOf(target: string): string {
  return target.startsWith('/') ? target.slice(1) : `xl/${target}`;
}
