/** How words are read, above them. */
const READING = /<text:ruby-text(?:\s[^<>]*)?>(?:(?!<text:ruby-text)[^])*?<\/text:ruby-text>/g;
/** Cells, and what the library does not look into within them. */
const CELL_OR_LIST =
  /<(\/?)(table:table-cell|text:list|text:list-item|text:list-header|text:section)(?=[\s/>])[^<>]*?(\/?)>/g;

/** A part of an OpenDocument file without how words are read; in its tables, items of lists are mere paragraphs. */
export function normalizeOpenDocument(xml: string): string {
  let cells = 0;
  return xml
    .replace(READING, '')
    .replace(CELL_OR_LIST, (tag: string, closes: string, name: string, empty: string) => {
      if (name !== 'table:table-cell') return cells > 0 ? '' : tag;
      if (empty === '') cells += closes === '' ? 1 : -1;
      return tag;
    });
}
