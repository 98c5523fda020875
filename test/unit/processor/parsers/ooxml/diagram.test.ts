import { expect, it } from 'vitest';

import { diagramBlocks } from '../../../../../src/processor/parsers/ooxml/diagram.ts';
import { xmlTree } from '../../../../helpers/documents/parsed.ts';

const XMLNS =
  'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"';
const words = (text: string) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`;
const point = (id: string, text: string, type = 'node') =>
  `<dgm:pt modelId="${id}" type="${type}"><dgm:t>${text && words(text)}</dgm:t></dgm:pt>`;
const link = (from: string, to: string, order: number, type = 'parOf') =>
  `<dgm:cxn type="${type}" srcId="${from}" destId="${to}" srcOrd="${order}"/>`;

function items(xml: string): [depth: number, text: string][] {
  const root = xmlTree(xml);
  const blocks = root ? diagramBlocks(root) : [];
  return blocks.flatMap((block) => (block.type === 'item' ? [[block.depth, block.text]] : []));
}

const model = (points: string, links: string) =>
  `<dgm:dataModel ${XMLNS}><dgm:ptLst>${points}</dgm:ptLst><dgm:cxnLst>${links}</dgm:cxnLst></dgm:dataModel>`;

it('reads the words of a graphic in the order and depth of its points', () => {
  const points =
    point('b', 'Boil') +
    point('x', '', 'parTrans') +
    point('a', 'Collect') +
    point('root', '', 'doc') +
    point('c', 'Sap') +
    point('lost', 'Apart') +
    point('p', 'Placeholder', 'pres');
  const links = link('root', 'b', 1) + link('root', 'a', 0) + link('a', 'c', 0) + link('b', 'p', 0, 'presOf');
  expect(items(model(points, links))).toEqual([
    [0, 'Collect'],
    [1, 'Sap'],
    [0, 'Boil'],
    [0, 'Apart'],
  ]);
});

it('reads each point once, though links loop', () => {
  const points = point('root', '', 'doc') + point('a', 'A') + point('b', 'B');
  const links = link('root', 'a', 0) + link('a', 'b', 0) + link('b', 'a', 0) + link('b', 'root', 1);
  expect(items(model(points, links))).toEqual([
    [0, 'A'],
    [1, 'B'],
  ]);
});

it('reads a graphic from its drawing, too', () => {
  const shape = (text: string) => `<dsp:sp><dsp:txBody>${words(text)}</dsp:txBody></dsp:sp>`;
  const xml = `<dsp:drawing xmlns:dsp="http://schemas.microsoft.com/office/drawing/2008/diagram" ${XMLNS}><dsp:spTree>${shape('One')}${shape('Two')}</dsp:spTree></dsp:drawing>`;
  expect(items(xml)).toEqual([
    [0, 'One'],
    [0, 'Two'],
  ]);
});
