import { ENDS_PARAGRAPH } from '../html/open-elements.ts';
import { visitMarkup, type Tag } from '../markup/markup-tags.ts';

/** Letters and digits of a mark: a number, a letter, or none. Any other call is a word of its sentence. */
const MARK = /^(?:\d{1,4}|[a-z]|(?:x[lc]|l?x{0,3})(?:i[xv]|v?i{0,3}))$/i;
const SIGNS = /[^\p{L}\p{N}]+/gu;
const ENDS_CALL = /^(?:li|d[td]|t[rdh]|body)$/;

/** Removes the marks that call notes from a page of XHTML, because they are no part of the words before them. */
export function withoutNoteCalls(xhtml: string): string {
  let rest = '';
  let from = 0;
  let call: Tag | undefined;
  const takeTag = (tag: Tag) => {
    if (tag.kind === 'opens' && callsNote(tag)) call = tag;
    else if (ENDS_PARAGRAPH.test(tag.name) || ENDS_CALL.test(tag.name)) call = undefined;
    else if (call && tag.kind === 'closes' && tag.name === call.name) {
      if (MARK.test(wordsOf(xhtml.slice(call.end, tag.start)).replace(SIGNS, ''))) {
        rest += xhtml.slice(from, call.start);
        from = tag.end;
      }
      call = undefined;
    }
  };
  visitMarkup(xhtml, { tag: takeTag }, true);
  return rest + xhtml.slice(from);
}

function wordsOf(xhtml: string): string {
  let words = '';
  visitMarkup(xhtml, { tag: () => {}, text: (text) => (words += text) });
  return words;
}

function callsNote({ name, attributes }: Tag): boolean {
  return (
    name === 'a' && (attributes.get('epub:type') === 'noteref' || attributes.get('role') === 'doc-noteref')
  );
}
