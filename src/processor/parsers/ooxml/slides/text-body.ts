import type { BlockBuilder } from '../../blocks/block-builder.ts';
import { listNumber } from '../../blocks/list-number.ts';
import { elementAt, elementsIn, type XmlElement } from '../../markup/xml-element.ts';
import { drawingText } from '../drawing-text.ts';

/** Deepest level of an item. */
const MAX_LEVEL = 8;
const STYLES: readonly [name: RegExp, style: string][] = [
  [/^alphaLc/, 'a'],
  [/^alphaUc/, 'A'],
  [/^romanLc/, 'i'],
  [/^romanUc/, 'I'],
];

/** Numbers of the items of a text at each level. */
class Numbers {
  readonly #last: { type: string; number: number }[] = [];

  /** Returns the mark of an item that is numbered. */
  next(level: number, type: string, start: number): string {
    const last = this.#last[level];
    const number = last?.type === type ? last.number + 1 : start;
    this.end(level);
    this.#last[level] = { type, number };
    const style = STYLES.find(([name]) => name.test(type))?.[1] ?? '1';
    const written = listNumber(number, style);
    if (type.endsWith('ParenBoth')) return `(${written})`;
    return type.endsWith('ParenR') ? `${written})` : `${written}.`;
  }

  /** Ends the numbering of a level and of those below it. */
  end(level: number): void {
    this.#last.length = Math.min(this.#last.length, level);
  }
}

/** Adds the paragraphs and items of a text to a document. */
export function addText(body: XmlElement, builder: BlockBuilder): void {
  const numbers = new Numbers();
  for (const paragraph of elementsIn(body, 'a:p')) {
    const text = drawingText(paragraph);
    if (text.trim() === '') continue;
    const properties = elementAt(paragraph, 'a:pPr');
    const level = Math.min(Math.max(Number(properties?.attributes.get('lvl') ?? 0) || 0, 0), MAX_LEVEL);
    const numbered = elementAt(properties, 'a:buAutoNum');
    if (numbered) {
      const start = Number(numbered.attributes.get('startAt') ?? 1) || 1;
      builder.item(level, numbers.next(level, numbered.attributes.get('type') ?? '', start), text);
      continue;
    }
    numbers.end(level);
    const isItem = elementAt(properties, 'a:buChar') ?? elementAt(properties, 'a:buBlip');
    if (isItem) builder.item(level, '-', text);
    else builder.paragraph(text);
  }
}
