import { visitTags, type Tag } from '../markup/markup-tags.ts';

/** Removes the numbers that call notes from a page of XHTML, because they are no part of the words before them. */
export function withoutNoteCalls(xhtml: string): string {
  let rest = '';
  let from = 0;
  let call: Tag | undefined;
  visitTags(
    xhtml,
    (tag) => {
      if (tag.kind === 'opens' && callsNote(tag)) call = tag;
      else if (tag.kind === 'closes' && tag.name === call?.name) {
        rest += xhtml.slice(from, call.start);
        from = tag.end;
        call = undefined;
      }
    },
    true,
  );
  return rest + xhtml.slice(from);
}

function callsNote({ name, attributes }: Tag): boolean {
  return (
    name === 'a' && (attributes.get('epub:type') === 'noteref' || attributes.get('role') === 'doc-noteref')
  );
}
