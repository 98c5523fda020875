import type { XmlParts } from './xml-parts.ts';

const DRAWING = /<Relationship\b[^<>]*\bTarget="(?:\.\.|\/xl)\/drawings\/([^"/]+)"/g;
/** Matches up to the next box, so that an unclosed one costs no more than others. */
const BOX = /<xdr:txBody>((?:(?!<xdr:txBody>)[^])*?)<\/xdr:txBody>/g;
const PARAGRAPH = /<a:p>((?:(?!<a:p>)[^])*?)<\/a:p>/g;
const WORDS = /<a:t(?: [^<>]*)?>([^<]*)<\/a:t>|<a:br\b/g;
const ROWS_END = /<sheetData\s*\/>|<\/sheetData>/;

/**
 * Appends the words of a sheet's text boxes as rows below its cells.
 * @param placed drawings that a sheet already holds; each belongs to one sheet only
 */
export function withTextBoxes(sheet: string, name: string, parts: XmlParts, placed: Set<string>): string {
  const relations = parts.get(name.replace(/[^/]+$/, '_rels/$&.rels')) ?? '';
  const boxes = [...relations.matchAll(DRAWING)].flatMap(([, drawing = '']) => {
    if (placed.has(drawing)) return [];
    placed.add(drawing);
    return boxTexts(parts.get(`xl/drawings/${drawing}`) ?? '');
  });
  if (boxes.length === 0) return sheet;
  const rows = boxes.map((text) => `<row><c t="inlineStr"><is><t>${text}</t></is></c></row>`).join('');
  return sheet.replace(ROWS_END, (end) =>
    end.startsWith('</') ? rows + end : `<sheetData>${rows}</sheetData>`,
  );
}

/** Returns the text of each box as escaped XML. */
function boxTexts(drawing: string): string[] {
  return [...drawing.matchAll(BOX)]
    .map(([, box = '']) =>
      [...box.matchAll(PARAGRAPH)]
        .map(([, paragraph = '']) => [...paragraph.matchAll(WORDS)].map(([, words = ' ']) => words).join(''))
        .join(' ')
        .trim(),
    )
    .filter((text) => text !== '');
}
