import type { XmlElement } from '../../markup/xml-element.ts';
import { contentOf } from '../alternate-content.ts';
import { drawingText } from '../drawing-text.ts';
import { graphicId } from '../graphic.ts';
import { description } from '../shapes.ts';

/** A part of a drawing. A graphic has a part of its own in the file. */
export type Drawn = { type: 'box' | 'graphic'; element: XmlElement } | { type: 'text'; text: string };

/** Returns the parts of a drawing, in order. A picture shows its description. */
export function drawnIn(drawing: XmlElement): Drawn[] {
  const drawn: Drawn[] = [];
  const descriptions = new Set<string>();
  const rest = [drawing];
  for (let next; (next = rest.pop());) {
    const { name, attributes } = next;
    if (name === 'w:txbxContent') drawn.push({ type: 'box', element: next });
    else if (graphicId(next) !== undefined) drawn.push({ type: 'graphic', element: next });
    else if (name === 'a:p') drawn.push({ type: 'text', text: drawingText(next) });
    else {
      // Letters bent along a line.
      if (name === 'v:textpath') drawn.push({ type: 'text', text: attributes.get('string') ?? '' });
      descriptions.add(descriptionOf(next));
      for (const child of contentOf(next).toReversed()) rest.push(child);
    }
  }
  if (drawn.length > 0) return drawn;
  return [...descriptions]
    .filter((text) => description(text).trim() !== '')
    .map((text) => ({ type: 'text', text }));
}

function descriptionOf({ name, attributes }: XmlElement): string {
  if (name === 'wp:docPr' || name === 'pic:cNvPr')
    return attributes.get('descr') ?? attributes.get('title') ?? '';
  return name.startsWith('v:') ? (attributes.get('alt') ?? '') : '';
}
