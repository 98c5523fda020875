/** Ruby annotations: the pronunciation above words. */
const READING = /<text:ruby-text(?:\s[^<>]*)?>(?:(?!<text:ruby-text)[^])*?<\/text:ruby-text>/g;
/** Cells, and the lists within them, which the library ignores. */
const CELL_OR_LIST =
  /<(\/?)(table:table-cell|text:list|text:list-item|text:list-header|text:section)(?=[\s/>])[^<>]*?(\/?)>/g;

/** Removes ruby annotations from a part of an OpenDocument file. In tables it turns list items into paragraphs. */
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
