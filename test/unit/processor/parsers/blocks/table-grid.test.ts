import { expect, it } from 'vitest';

import { tableGrid } from '../../../../../src/processor/parsers/blocks/table-grid.ts';
import type { XmlElement } from '../../../../../src/processor/parsers/markup/xml-element.ts';
import { descendants } from '../../../../../src/processor/parsers/markup/xml-element.ts';

it('places a first row of any length', () => {
  const rows = [Array.from({ length: 200_000 }, () => ({ text: 'x' }))];
  expect(tableGrid({ type: 'table', rows })).toMatchObject({ columns: 200_000, headerRows: 1 });
});

it('visits elements of any number', () => {
  const element = (children: XmlElement[]) => ({ name: 'x', attributes: new Map(), children });
  const wide = element(Array.from({ length: 200_000 }, () => element([])));
  expect([...descendants(element([wide]))]).toHaveLength(200_001);
});
