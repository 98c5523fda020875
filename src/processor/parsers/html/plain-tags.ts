import { visitTags, type Tag } from './markup-tags.ts';

const VALUE_ESCAPES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Normalizes the tags of XML: an element without content closes itself, values are in double quotes, and one blank
 * separates attributes. Tags in this form stay unchanged.
 */
export function plainTags(xml: string): string {
  let plain = '';
  let from = 0;
  let opened: Tag | undefined;
  const replace = (start: number, end: number, tag: string) => {
    if (tag.length === end - start && xml.startsWith(tag, start)) return;
    plain += xml.slice(from, start) + tag;
    from = end;
  };
  const settle = () => {
    if (opened) replace(opened.start, opened.end, spelled(opened, '>'));
    opened = undefined;
  };
  visitTags(
    xml,
    (tag) => {
      const isPair = tag.kind === 'closes' && opened?.name === tag.name && opened.end === tag.start;
      if (isPair && opened) replace(opened.start, tag.end, spelled(opened, '/>'));
      else settle();
      opened = tag.kind === 'opens' ? tag : undefined;
      if (tag.kind === 'empty') replace(tag.start, tag.end, spelled(tag, '/>'));
    },
    true,
  );
  settle();
  return plain + xml.slice(from);
}

function spelled({ name, attributes }: Tag, end: string): string {
  const escaped = (value: string) => value.replace(/[<>"]/g, (sign) => VALUE_ESCAPES[sign] ?? sign);
  return `<${name}${[...attributes].map(([key, value]) => ` ${key}="${escaped(value)}"`).join('')}${end}`;
}
