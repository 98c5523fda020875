import { visitTags, type Tag } from '../html/markup-tags.ts';

const COMMON_STYLES = /<office:styles>[^]*<\/office:styles>/;

/**
 * Removes hidden words, paragraphs and sections from a part of an OpenDocument file. A part with an unclosed hidden
 * element stays unchanged.
 * @param styles the file's common styles; the part holds its own
 */
export function withoutHiddenText(xml: string, styles: string): string {
  if (
    !xml.includes('text:display="none"') &&
    !xml.includes('text:is-hidden="true"') &&
    !styles.includes('text:display="none"')
  )
    return xml;
  const hiding = hidingStyles((COMMON_STYLES.exec(styles)?.[0] ?? '') + xml);
  let visible = '';
  let from = 0;
  let depth = 0;
  let hiddenAt: number | undefined;
  visitTags(
    xml,
    (tag) => {
      if (tag.kind === 'empty') return;
      if (tag.kind === 'opens') {
        if (hiddenAt === undefined && isHidden(tag, hiding)) {
          hiddenAt = depth;
          visible += xml.slice(from, tag.start);
        }
        depth += 1;
        return;
      }
      depth -= 1;
      if (depth !== hiddenAt) return;
      hiddenAt = undefined;
      from = tag.end;
    },
    true,
  );
  return hiddenAt === undefined ? visible + xml.slice(from) : xml;
}

function isHidden({ name, attributes }: Tag, hiding: ReadonlySet<string>): boolean {
  if (name === 'text:section') return attributes.get('text:display') === 'none';
  if (name === 'text:hidden-text') return attributes.get('text:is-hidden') === 'true';
  return /^text:(?:p|h|span)$/.test(name) && hiding.has(attributes.get('text:style-name') ?? '');
}

/** Names the styles that hide text, directly or by inheritance. */
function hidingStyles(xml: string): Set<string> {
  const hiding = new Set<string>();
  let style = '';
  visitTags(
    xml,
    ({ kind, name, attributes }) => {
      if (name === 'style:style' && kind !== 'closes') {
        style = attributes.get('style:name') ?? '';
        if (hiding.has(attributes.get('style:parent-style-name') ?? '')) hiding.add(style);
      } else if (name === 'style:text-properties' && attributes.has('text:display')) {
        if (attributes.get('text:display') === 'none') hiding.add(style);
        else hiding.delete(style);
      }
    },
    true,
  );
  return hiding;
}
