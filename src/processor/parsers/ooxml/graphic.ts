import type { ContentBlock } from '../blocks/block.ts';
import type { Archive } from '../markup/archive.ts';
import { readXmlTree, type ElementBudget } from '../markup/read-xml.ts';
import { elementAt, type XmlElement } from '../markup/xml-element.ts';
import { chartBlocks } from './chart.ts';
import { diagramBlocks } from './diagram.ts';
import type { Relation } from './relations.ts';

/**
 * Reads the chart or the SmartArt graphic of a frame.
 * @param data `a:graphicData` of the frame
 * @param relations of the part with the frame
 */
export function graphicBlocks(
  data: XmlElement,
  relations: ReadonlyMap<string, Relation>,
  archive: Archive,
  budget: ElementBudget,
): ContentBlock[] {
  const chart = elementAt(data, 'c:chart') ?? elementAt(data, 'cx:chart');
  const diagram = elementAt(data, 'dgm:relIds');
  const id = chart ? chart.attributes.get('r:id') : diagram?.attributes.get('r:dm');
  const xml = archive.text(relations.get(id ?? '')?.path ?? '');
  const root = xml === undefined ? undefined : readXmlTree(xml, budget);
  if (!root) return [];
  return chart ? chartBlocks(root) : diagramBlocks(root);
}
