import type { BlockBuilder } from '../../blocks/block-builder.ts';
import type { Reading } from '../../blocks/reading.ts';
import type { Archive } from '../../markup/archive.ts';
import {
  descendants,
  elementAt,
  elementsIn,
  isSet,
  localName,
  type XmlElement,
} from '../../markup/xml-element.ts';
import { drawingText, drawingTexts } from '../drawing-text.ts';
import { frameBlocks } from '../graphic.ts';
import type { Relations } from '../relations.ts';
import { alternativeText, propertyOf, shapesIn } from '../shapes.ts';
import { addText } from './text-body.ts';

/** Placeholders that a presentation repeats on every slide: footer, header, date. */
const REPEATED = new Set(['ftr', 'hdr', 'dt']);
const TITLES = new Set(['title', 'ctrTitle']);

/** The parts of the file, and the limits, to read a slide with. */
export interface SlideParts {
  archive: Archive;
  relations: Relations;
  reading: Reading;
  /** Footers, headers and dates that the show has had. */
  repeated: Set<string>;
}

/** Adds the shapes of a slide, or of its notes, to a document. Its title heads it, whatever it was drawn after. */
export function addSlide(slide: XmlElement, parts: SlideParts, builder: BlockBuilder): void {
  const tree = elementAt(slide, 'p:cSld', 'p:spTree');
  const shapes = tree ? shapesIn(tree, parts.reading) : [];
  const isTitle = (shape: XmlElement) => TITLES.has(placeholder(shape) ?? '');
  for (const shape of shapes.filter(isTitle)) builder.heading(1, drawingTexts(shape).join(' '));
  for (const shape of shapes) {
    const kind = placeholder(shape) ?? '';
    if (isTitle(shape) || kind === 'sldNum') continue;
    if (REPEATED.has(kind) && !isNew(shape, parts.repeated)) continue;
    switch (localName(shape.name)) {
      case 'sp': {
        const body = elementAt(shape, 'p:txBody');
        if (body) addText(body, builder);
        break;
      }
      case 'graphicFrame':
        addGraphic(shape, parts, builder);
        break;
      default:
        builder.paragraph(alternativeText(shape));
    }
  }
}

/** Returns whether a footer, header or date says what none before has. Dates that change by themselves are no words. */
function isNew(shape: XmlElement, repeated: Set<string>): boolean {
  for (const { name } of descendants(shape)) if (name === 'a:fld') return false;
  const text = drawingTexts(shape).join('\n');
  const isKnown = repeated.has(text);
  repeated.add(text);
  return !isKnown;
}

/** Returns the kind of a shape's placeholder. */
function placeholder(shape: XmlElement): string | undefined {
  return elementAt(propertyOf(shape, 'nvPr'), 'p:ph')?.attributes.get('type');
}

function addGraphic(frame: XmlElement, parts: SlideParts, builder: BlockBuilder): void {
  const table = elementAt(frame, 'a:graphic', 'a:graphicData', 'a:tbl');
  if (table) addTable(table, builder);
  else for (const block of frameBlocks(frame, parts.relations, parts.archive)) builder.add(block);
}

function addTable(table: XmlElement, builder: BlockBuilder): void {
  builder.openTable();
  for (const row of elementsIn(table, 'a:tr')) {
    builder.openRow();
    for (const [column, cell] of elementsIn(row, 'a:tc').entries()) {
      // Another cell covers it.
      if (isSet(cell, 'hMerge') || isSet(cell, 'vMerge')) continue;
      const columnSpan = Number(cell.attributes.get('gridSpan') ?? 1) || 1;
      const rowSpan = Number(cell.attributes.get('rowSpan') ?? 1) || 1;
      builder.openCell({ column, columnSpan, rowSpan });
      for (const paragraph of elementsIn(elementAt(cell, 'a:txBody'), 'a:p'))
        builder.paragraph(drawingText(paragraph));
      builder.closeCell();
    }
  }
  builder.closeTable();
}
