import type { ContentBlock } from '../../blocks/block.ts';
import type { Reading } from '../../blocks/reading.ts';
import type { Archive } from '../../markup/archive.ts';
import { readXml } from '../../markup/read-xml.ts';
import { elementAt, localName, type XmlElement } from '../../markup/xml-element.ts';
import { contentOf } from '../alternate-content.ts';
import { drawingTexts } from '../drawing-text.ts';
import { graphicBlocks } from '../graphic.ts';
import { relationsOf, type Relation } from '../relations.ts';
import { alternativeText, shapesIn } from '../shapes.ts';

const ANCHORS = new Set([
  'xdr:twoCellAnchor',
  'xdr:oneCellAnchor',
  'xdr:absoluteAnchor',
  'mc:AlternateContent',
]);

/** Reads what lies over the cells of a sheet: text boxes, charts, SmartArt, and the words that describe pictures. */
export function* drawingBlocks(path: string, archive: Archive, reading: Reading): Generator<ContentBlock> {
  const relations = relationsOf(path, archive, reading.elements);
  for (const element of readXml(archive.text(path) ?? '', reading.elements, ANCHORS)) {
    for (const anchor of contentOf({ ...element, children: [element] })) {
      for (const shape of shapesIn(anchor, reading)) yield* shapeBlocks(shape, relations, archive, reading);
    }
  }
}

function shapeBlocks(
  shape: XmlElement,
  relations: ReadonlyMap<string, Relation>,
  archive: Archive,
  reading: Reading,
): ContentBlock[] {
  switch (localName(shape.name)) {
    case 'sp': {
      const body = elementAt(shape, 'xdr:txBody');
      return body ? [{ type: 'paragraph', text: drawingTexts(body).join('\n') }] : [];
    }
    case 'graphicFrame': {
      const data = elementAt(shape, 'a:graphic', 'a:graphicData');
      return data ? graphicBlocks(data, relations, archive, reading.elements) : [];
    }
    default:
      return [{ type: 'paragraph', text: alternativeText(shape) }];
  }
}
