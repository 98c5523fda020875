import type { Reading } from '../blocks/reading.ts';
import {
  descendants,
  elementsIn,
  isSet,
  localName,
  ownText,
  type XmlElement,
} from '../markup/xml-element.ts';
import { contentOf } from './alternate-content.ts';

/** Local names of shapes, pictures, and frames of tables, charts and SmartArt. */
const SHAPES = new Set(['sp', 'pic', 'graphicFrame']);

/** Matches the file name of an image, which some programs write as its description. */
const FILE_NAME = /\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)$/i;

/** Returns the shapes of a slide or a drawing in their order, without groups around them, and without hidden ones. */
export function shapesIn(tree: XmlElement, reading: Reading): XmlElement[] {
  const shapes: XmlElement[] = [];
  const rest = contentOf(tree).toReversed();
  for (let next; (next = rest.pop());) {
    const kind = localName(next.name);
    const isGroup = kind === 'grpSp';
    if (!isGroup && !SHAPES.has(kind)) continue;
    if (isSet(propertyOf(next, 'cNvPr'), 'hidden') && (!hasWords(next) || !reading.takesHidden())) continue;
    if (!isGroup) shapes.push(next);
    else for (const shape of contentOf(next).toReversed()) rest.push(shape);
  }
  return shapes;
}

/** Returns the words that describe a picture; '' if there are none. */
export function alternativeText(shape: XmlElement): string {
  return description(propertyOf(shape, 'cNvPr')?.attributes.get('descr') ?? '');
}

/** Returns what a picture's description says; '' for the name of its file. */
export function description(text: string): string {
  return FILE_NAME.test(text.trimEnd()) ? '' : text;
}

/** Returns an element of a shape's non-visual properties. */
export function propertyOf(shape: XmlElement, property: string): XmlElement | undefined {
  const properties = elementsIn(shape).find(({ name }) => /^nv\w*Pr$/.test(localName(name)));
  return elementsIn(properties).find(({ name }) => localName(name) === property);
}

function hasWords(shape: XmlElement): boolean {
  for (const element of [shape, ...descendants(shape)]) {
    if (element.name === 'a:t' && ownText(element).trim() !== '') return true;
    if (localName(element.name) === 'graphicFrame') return true;
    if (localName(element.name) === 'pic' && alternativeText(element) !== '') return true;
  }
  return false;
}
