import type { XmlParts } from './xml-parts.ts';

const DRAWING = /<Relationship\b[^<>]*\bTarget="(?:\.\.|\/xl)\/drawings\/([^"/]+)"/g;
/** Up to the next of its kind at most, so that one that is never closed costs no more than others. */
const BOX = /<xdr:txBody>((?:(?!<xdr:txBody>)[^])*?)<\/xdr:txBody>/g;
const PARAGRAPH = /<a:p>((?:(?!<a:p>)[^])*?)<\/a:p>/g;
const WORDS = /<a:t(?: [^<>]*)?>([^<]*)<\/a:t>|<a:br\b/g;
const ROWS_END = /<sheetData\s*\/>|<\/sheetData>/;

/**
 * A sheet with the words of the text boxes that lie on it as rows of their own, below its cells.
 * @param placed the drawings that are on a sheet already: each is on one alone, however often it is named
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

/** As XML has them. */
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
