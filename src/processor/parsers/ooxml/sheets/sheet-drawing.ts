import type { ContentBlock } from '../../blocks/block.ts';
import type { Reading } from '../../blocks/reading.ts';
import type { Archive } from '../../markup/archive.ts';
import { elementAt, localName, type XmlElement } from '../../markup/xml-element.ts';
import { contentOf } from '../alternate-content.ts';
import { drawingTexts } from '../drawing-text.ts';
import { frameBlocks } from '../graphic.ts';
import { relationsOf, type Relations } from '../relations.ts';
import { alternativeText, shapesIn } from '../shapes.ts';

const ANCHORS = new Set([
  'xdr:twoCellAnchor',
  'xdr:oneCellAnchor',
  'xdr:absoluteAnchor',
  'mc:AlternateContent',
]);

/** Reads what lies over the cells of a sheet: text boxes, charts, SmartArt, and the words that describe pictures. */
export function* drawingBlocks(path: string, archive: Archive, reading: Reading): Generator<ContentBlock> {
  const relations = relationsOf(path, archive);
  for (const element of archive.trees(path, ANCHORS)) {
    for (const anchor of contentOf({ ...element, children: [element] })) {
      for (const shape of shapesIn(anchor, reading)) yield* shapeBlocks(shape, relations, archive);
    }
  }
}

function shapeBlocks(shape: XmlElement, relations: Relations, archive: Archive): ContentBlock[] {
  switch (localName(shape.name)) {
    case 'sp': {
      const body = elementAt(shape, 'xdr:txBody');
      return body ? [{ type: 'paragraph', text: drawingTexts(body).join('\n') }] : [];
    }
    case 'graphicFrame':
      return frameBlocks(shape, relations, archive);
    default:
      return [{ type: 'paragraph', text: alternativeText(shape) }];
  }
}
