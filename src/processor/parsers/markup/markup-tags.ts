import { Tokenizer } from 'htmlparser2';

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** A tag of HTML or XML with its place. */
export interface Tag {
  kind: 'opens' | 'closes' | 'empty';
  name: string;
  /** Values by name, without quotes, in HTML unescaped. The first of a name counts. */
  attributes: ReadonlyMap<string, string>;
  start: number;
  end: number;
}

interface MarkupVisitor {
  tag: (tag: Tag) => void;
  /** Takes text in pieces, unescaped. Scripts and styles count as text, comments do not. */
  text?: (text: string) => void;
}

/**
 * Visits the tags and the text of HTML or XML in order. It takes no text in a comment, a value or a script for a tag.
 * HTML names are in lower case. XML has no entities but its own.
 */
export function visitMarkup(markup: string, visitor: MarkupVisitor, xmlMode = false): void {
  const tokenizer = markupTokenizer(markup, visitor, xmlMode);
  tokenizer.write(markup);
  tokenizer.end();
}

/** Makes a tokenizer whose caller writes the markup in pieces. See {@link visitMarkup}. */
export function markupTokenizer(markup: string, visitor: MarkupVisitor, xmlMode = false): Tokenizer {
  const nameAt = (start: number, end: number) => {
    const name = markup.slice(start, end);
    return xmlMode ? name : name.toLowerCase();
  };
  let name = '';
  let start = 0;
  let attribute = '';
  let value = '';
  let attributes: Map<string, string> | undefined;
  const opened = (kind: Tag['kind']) => (end: number) => {
    visitor.tag({ kind, name, attributes: attributes ?? NO_ATTRIBUTES, start, end: end + 1 });
    attributes = undefined;
  };
  const ignored = () => {};
  return new Tokenizer(
    { xmlMode, recognizeSelfClosing: true, decodeEntities: !xmlMode || visitor.text !== undefined },
    {
      onopentagname: (from, to) => {
        name = nameAt(from, to);
        start = from - 1;
      },
      onattribname: (from, to) => {
        attribute = nameAt(from, to);
        value = '';
      },
      onattribdata: (from, to) => {
        value += markup.slice(from, to);
      },
      onattribentity: (code) => {
        value += String.fromCodePoint(code);
      },
      onattribend: () => {
        attributes ??= new Map();
        if (!attributes.has(attribute)) attributes.set(attribute, value);
      },
      onopentagend: opened('opens'),
      onselfclosingtag: opened('empty'),
      onclosetag: (from, to) => {
        const end = markup.indexOf('>', to);
        visitor.tag({
          kind: 'closes',
          name: nameAt(from, to),
          attributes: NO_ATTRIBUTES,
          start: from - '</'.length,
          end: end === -1 ? markup.length : end + 1,
        });
      },
      oncdata: (from, end, offset) => visitor.text?.(markup.slice(from, end - offset)),
      oncomment: ignored,
      ondeclaration: ignored,
      onend: ignored,
      onprocessinginstruction: ignored,
      ontext: (from, to) => visitor.text?.(markup.slice(from, to)),
      ontextentity: (code) => visitor.text?.(String.fromCodePoint(code)),
    },
  );
}
