import type { Block } from '../blocks/block.ts';
import type { Reading } from '../blocks/reading.ts';
import { visitMarkup } from '../markup/markup-tags.ts';
import { XmlReader } from './xml-reader.ts';

const DOCTYPE = /^\s*(?:<\?[^>]*\?>\s*|<!--(?:(?!-->)[^])*-->\s*)*<!DOCTYPE/i;

/**
 * Reads XML: titles as headings, paragraphs, lists and tables, and the text of any other element on a line
 * of its own. It expands no entities but XML's own, and loads nothing.
 * @throws {ProcessorError} `text_too_long`
 */
export function readXmlText(xml: string, reading: Reading): Block[] {
  const reader = new XmlReader(reading.maxTextChars);
  visitMarkup(
    withoutDoctype(xml),
    {
      tag: ({ kind, name, attributes }) => {
        if (kind !== 'closes') {
          reading.elements.spend();
          reader.open(name, attributes);
        }
        if (kind !== 'opens') reader.close(name);
      },
      text: (text) => reader.text(text),
    },
    true,
  );
  return reader.end();
}

/** Removes the document type with the entities that it declares. The tokenizer takes their end for text. */
function withoutDoctype(xml: string): string {
  const start = DOCTYPE.exec(xml)?.[0].length ?? 0;
  if (start === 0) return xml;
  let depth = 0;
  for (let at = start; at < xml.length; at++) {
    const char = xml[at];
    if (char === '"' || char === "'") at = indexOrEnd(xml, char, at + 1);
    else if (xml.startsWith('<!--', at)) at = indexOrEnd(xml, '-->', at);
    else if (char === '[') depth++;
    else if (char === ']') depth--;
    else if (char === '>' && depth <= 0) return xml.slice(at + 1);
  }
  return '';
}

function indexOrEnd(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}
