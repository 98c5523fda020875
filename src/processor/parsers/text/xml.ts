import { ProcessorError } from '../../errors.ts';
import { visitMarkup } from '../html/markup-tags.ts';
import { normalize } from '../normalize.ts';
import { segments, type SegmentEvent } from '../segments.ts';
import { XmlWriter } from './xml-writer.ts';

/** Most elements. Real documents stay far below. */
const MAX_ELEMENTS = 700_000;
const TOO_MANY = 'The file has too many elements to read. Upload it in smaller parts.';
const DOCTYPE = /^\s*(?:<\?[^>]*\?>\s*|<!--(?:(?!-->)[^])*-->\s*)*<!DOCTYPE/i;

/**
 * Reads XML as Markdown: titles as headings, paragraphs, lists and tables, and the text of any other element on a line
 * of its own. It expands no entities but XML's own, and loads nothing.
 * @throws {ProcessorError} `text_too_long` for too many elements; `no_text`
 */
export function* xmlSegments(xml: string): Generator<SegmentEvent> {
  const writer = new XmlWriter();
  let elements = 0;
  visitMarkup(
    withoutDoctype(xml),
    {
      tag: ({ kind, name, attributes }) => {
        if (++elements > MAX_ELEMENTS) throw new ProcessorError('text_too_long', { detail: TOO_MANY });
        if (kind !== 'closes') writer.open(name, attributes);
        if (kind !== 'opens') writer.close(name);
      },
      text: (text) => writer.text(text),
    },
    true,
  );
  yield* segments(normalize(writer.end()));
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
