import type { ContentBlock } from '../blocks/block.ts';
import { elementAt, elementsIn, type XmlElement } from '../markup/xml-element.ts';
import { drawingTexts } from './drawing-text.ts';

/** Points with words. The others are lines and layout. */
const WORDED = new Set(['node', 'asst']);
/** Deepest item. */
const MAX_DEPTH = 8;

/**
 * Writes the words of a SmartArt graphic as items, nested like its points.
 * @param graphic root of its data, or of its drawing, whose words are in order without levels
 */
export function diagramBlocks(graphic: XmlElement): ContentBlock[] {
  if (graphic.name !== 'dgm:dataModel')
    return drawingTexts(graphic).map((text) => ({ type: 'item', depth: 0, mark: '-', text }));
  const points = pointsOf(graphic);
  const below = childrenOf(graphic, points);
  const blocks: ContentBlock[] = [];
  const visited = new Set<string>();
  const visit = (root: string, depth: number) => {
    const rest = [{ id: root, depth }];
    for (let next; (next = rest.pop());) {
      const { id, depth: level } = next;
      if (visited.has(id)) continue;
      visited.add(id);
      const point = points.get(id);
      if (point && isWorded(point)) {
        for (const text of drawingTexts(point))
          blocks.push({ type: 'item', depth: Math.min(Math.max(level, 0), MAX_DEPTH), mark: '-', text });
      }
      for (const { to } of (below.get(id) ?? []).toReversed()) rest.push({ id: to, depth: level + 1 });
    }
  };
  for (const [id, point] of points) if (point.attributes.get('type') === 'doc') visit(id, -1);
  // Visits points without a parent.
  for (const [id, point] of points) if (isWorded(point)) visit(id, 0);
  return blocks;
}

function isWorded(point: XmlElement): boolean {
  return WORDED.has(point.attributes.get('type') ?? 'node');
}

function pointsOf(model: XmlElement): Map<string, XmlElement> {
  const points = elementsIn(elementAt(model, 'dgm:ptLst'), 'dgm:pt');
  return new Map(points.map((point) => [point.attributes.get('modelId') ?? '', point]));
}

/** Returns the ids of the points below each point, in their order. */
function childrenOf(model: XmlElement, points: ReadonlyMap<string, unknown>): Map<string, { to: string }[]> {
  const links = elementsIn(elementAt(model, 'dgm:cxnLst'), 'dgm:cxn')
    .map(({ attributes }) => ({
      type: attributes.get('type') ?? 'parOf',
      from: attributes.get('srcId') ?? '',
      to: attributes.get('destId') ?? '',
      order: Number(attributes.get('srcOrd') ?? 0),
    }))
    .filter(({ type, from, to }) => type === 'parOf' && points.has(from) && points.has(to))
    .toSorted((a, b) => a.order - b.order);
  return Map.groupBy(links, ({ from }) => from);
}
