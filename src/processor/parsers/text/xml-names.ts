/** Lists names that blanks separate. */
function namesOf(names: string): ReadonlySet<string> {
  return new Set(names.split(' '));
}

/** Elements of prose that stand apart. Names are without prefix, in lower case. From JATS, DocBook, DITA, TEI and RSS. */
export const BLOCKS = namesOf(
  'p para simpara paragraph sec section abstract disp-quote blockquote disp-formula fig ' +
    'figure table-wrap table-wrap-foot caption fn ref list list-item listitem def-list ' +
    'def-item boxed-text ref-list description summary',
);
/** Blocks whose parts are all words of one paragraph. */
export const PARAGRAPHS = namesOf('p para simpara paragraph mixed-citation');
/** Elements among the words of a paragraph, even at its beginning. */
export const INLINE = namesOf(
  'a b bold code em emphasis ext-link i italic link monospace named-content s sc span ' +
    'strong styled-content sub sup subscript superscript u ulink underline uri xref tspan',
);
/** Elements whose parts are words on one line, such as a name and a date. */
export const LINES = namesOf(
  'name string-name contrib person-group aff address author element-citation citation ' +
    'date pub-date issue math',
);
/** Elements around the title of what they describe. */
export const TITLE_PAGES = namesOf(
  'title-group article-meta front front-stub book-meta info articleinfo bookinfo ' +
    'titlestmt filedesc teiheader',
);
/** Elements whose content is code, or data for programs. */
export const CODE = namesOf('preformat programlisting screen literallayout codeblock');
export const NOT_READ = namesOf('script style annotation binary binary-data bindata');
export const ITEMS = namesOf('list-item listitem');
export const TABLES = namesOf('table informaltable');
export const ROWS = namesOf('tr row');
export const CELLS = namesOf('td th entry cell');
const UNTITLED = namesOf('caption ref bibl biblioentry product');

/** Returns whether an element is the title of the part around it. */
export function isTitle(name: string, parent: string): boolean {
  if (name === 'title') return !UNTITLED.has(parent);
  if (name === 'article-title') return parent === 'title-group';
  return name === 'head' && /^(?:div\d?|lg)$/.test(parent);
}
