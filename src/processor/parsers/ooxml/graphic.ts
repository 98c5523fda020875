import type { ContentBlock } from '../blocks/block.ts';
import type { Archive } from '../markup/archive.ts';
import { elementAt, type XmlElement } from '../markup/xml-element.ts';
import { chartBlocks } from './chart.ts';
import { diagramBlocks } from './diagram.ts';
import type { Relations } from './relations.ts';

const DIAGRAM = 'dgm:relIds';
/** Elements that stand for a chart or a SmartArt graphic, with the attribute that names its part. */
const REFERENCES = new Map([
  ['c:chart', 'r:id'],
  ['cx:chart', 'r:id'],
  [DIAGRAM, 'r:dm'],
]);

/** Returns the id of the graphic that an element stands for; undefined for other elements. */
export function graphicId({ name, attributes }: XmlElement): string | undefined {
  return attributes.get(REFERENCES.get(name) ?? '');
}

/**
 * Reads the graphic that an element stands for.
 * @param relations of the part with the element
 */
export function graphicBlocks(reference: XmlElement, relations: Relations, archive: Archive): ContentBlock[] {
  const root = archive.tree(relations.get(graphicId(reference) ?? '')?.path ?? '');
  if (!root) return [];
  return reference.name === DIAGRAM ? diagramBlocks(root) : chartBlocks(root);
}

/** Reads the graphic in a frame. See {@link graphicBlocks}. */
export function frameBlocks(frame: XmlElement, relations: Relations, archive: Archive): ContentBlock[] {
  const data = elementAt(frame, 'a:graphic', 'a:graphicData');
  const [reference] = [...REFERENCES.keys()].flatMap((name) => elementAt(data, name) ?? []);
  return reference ? graphicBlocks(reference, relations, archive) : [];
}
