import { describe, expect, it } from 'vitest';

import type { Block } from '../../../../../src/processor/parsers/blocks/block.ts';
import { writeBlocks } from '../../../../../src/processor/parsers/blocks/write-blocks.ts';
import { chartBlocks } from '../../../../../src/processor/parsers/ooxml/chart.ts';
import { xmlTree } from '../../../../helpers/documents/parsed.ts';

function written(blocks: readonly Block[]): string {
  const events = [...writeBlocks(blocks, 1_000_000)];
  return events.map((event) => (event.type === 'segment' ? event.text : '')).join('');
}

function shown(xml: string): string {
  const root = xmlTree(xml);
  return root ? written(chartBlocks(root)) : '';
}

const points = (values: readonly string[], from = 0) =>
  values.map((value, index) => `<c:pt idx="${from + index}"><c:v>${value}</c:v></c:pt>`).join('');
const strings = (...values: string[]) =>
  `<c:strRef><c:f>A1</c:f><c:strCache><c:ptCount val="9"/>${points(values)}</c:strCache></c:strRef>`;
const numbers = (code: string, ...values: string[]) =>
  `<c:numRef><c:numCache><c:formatCode>${code}</c:formatCode>${points(values)}</c:numCache></c:numRef>`;
const typed = (text: string) => `<c:tx><c:rich><a:p><a:r><a:t>${text}</a:t></a:r></a:p></c:rich></c:tx>`;
const title = (text: string) => `<c:title>${typed(text)}</c:title>`;
const series = (name: string, content: string) =>
  `<c:ser>${name && `<c:tx>${strings(name)}</c:tx>`}${content}</c:ser>`;
const chart = (plot: string, heading = '') =>
  `<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:chart>${heading}<c:plotArea>${plot}</c:plotArea></c:chart></c:chartSpace>`;

describe('a chart', () => {
  it('is its title, its axis of values, and a row for each category', () => {
    const places = `<c:cat>${strings('North', 'South')}</c:cat>`;
    const bars =
      series('Rye', `${places}<c:val>${numbers('General', '6.5', '7.25')}</c:val>`) +
      series('Oats', `${places}<c:val>${numbers('0%', '0.4', '0.55')}</c:val>`);
    const axes = `<c:catAx>${title('Coast')}</c:catAx><c:valAx>${title('t/ha')}</c:valAx>`;
    expect(shown(chart(`<c:barChart>${bars}</c:barChart>${axes}`, title('Harvest')))).toBe(
      'Harvest\nt/ha\n\n| Coast | Rye | Oats |\n| --- | --- | --- |\n| North | 6.5 | 40% |\n| South | 7.25 | 55% |',
    );
  });

  it('has the labels that a person typed', () => {
    const label = (point: number, words: string) => `<c:dLbl><c:idx val="${point}"/>${words}</c:dLbl>`;
    const field = typed('no').replaceAll('a:r>', 'a:fld>');
    const labels = `<c:dLbls>${label(0, typed('storm'))}${label(1, field)}${label(2, typed('3'))}${label(3, '')}</c:dLbls>`;
    const line = series('Rye', `${labels}<c:val>${numbers('General', '1', '2', '3', '4')}</c:val>`);
    expect(shown(chart(`<c:lineChart>${line}</c:lineChart>`))).toBe(
      '| Rye |\n| --- |\n| 1 (storm) |\n| 2 |\n| 3 |\n| 4 |',
    );
  });

  it('has a table for each set of points', () => {
    const places = `<c:cat>${strings('North', 'South')}</c:cat>`;
    const bars = series('A', `${places}<c:val>${numbers('General', '1', '2')}</c:val>`);
    const days = `<c:cat>${numbers('m/d/yyyy', '45292')}</c:cat>`;
    const line = series('B', `${days}<c:val>${numbers('General', '3')}</c:val>`);
    expect(shown(chart(`<c:barChart>${bars}</c:barChart><c:lineChart>${line}</c:lineChart>`))).toBe(
      '|  | A |\n| --- | --- |\n| North | 1 |\n| South | 2 |\n\n|  | B |\n| --- | --- |\n| 2024-01-01 | 3 |',
    );
  });

  it('of points has columns of both axes and the size', () => {
    const dots = series(
      'Boats',
      `<c:xVal>${numbers('General', '1', '2')}</c:xVal><c:yVal>${numbers('General', '5', '6')}</c:yVal><c:bubbleSize>${numbers('General', '7', '8')}</c:bubbleSize>`,
    );
    const axes = `<c:valAx><c:axPos val="l"/>${title('Speed')}</c:valAx><c:valAx><c:axPos val="b"/>${title('Length')}</c:valAx>`;
    expect(shown(chart(`<c:bubbleChart>${dots}</c:bubbleChart>${axes}`))).toBe(
      'Speed\n\n| Length | Boats |  |\n| --- | --- | --- |\n| 1 | 5 | 7 |\n| 2 | 6 | 8 |',
    );
  });

  it('keeps the levels of its categories, the outermost first', () => {
    const levels = `<c:cat><c:multiLvlStrRef><c:multiLvlStrCache><c:lvl>${points(['Spring', 'Autumn', 'Spring'])}</c:lvl><c:lvl>${points(['2031'])}${points(['2032'], 2)}</c:lvl></c:multiLvlStrCache></c:multiLvlStrRef></c:cat>`;
    const bars = series('Wool', `${levels}<c:val>${numbers('General', '1', '2', '3')}</c:val>`);
    const root = xmlTree(chart(`<c:barChart>${bars}</c:barChart>`))!;
    expect(chartBlocks(root)).toMatchObject([{ rows: [{}, [{ text: '2031', rowSpan: 2 }, {}, {}], {}, {}] }]);
    expect(shown(chart(`<c:barChart>${bars}</c:barChart>`))).toBe(
      '|  |  | Wool |\n| --- | --- | --- |\n| 2031 | Spring | 1 |\n|  | Autumn | 2 |\n| 2032 | Spring | 3 |',
    );
  });

  it('names a series without a name by its title, or by its number', () => {
    const values = (...of: string[]) => `<c:val>${numbers('General', ...of)}</c:val>`;
    const one = series('', `<c:cat>${strings('a', 'b')}</c:cat>${values('1', '2')}`);
    expect(shown(chart(`<c:pieChart>${one}</c:pieChart>`, title('Shares')))).toBe(
      'Shares\n\n|  | Shares |\n| --- | --- |\n| a | 1 |\n| b | 2 |',
    );
    expect(shown(chart(`<c:barChart>${one}${series('', values('3', '4'))}</c:barChart>`))).toBe(
      '|  | Series 1 | Series 2 |\n| --- | --- | --- |\n| a | 1 | 3 |\n| b | 2 | 4 |',
    );
  });

  it('of a newer kind is read from its data', () => {
    const data =
      '<cx:data id="0"><cx:strDim type="cat"><cx:f>A</cx:f><cx:lvl><cx:pt idx="0">Start</cx:pt><cx:pt idx="1">End</cx:pt></cx:lvl></cx:strDim><cx:numDim type="val"><cx:lvl formatCode="General"><cx:pt idx="0">5</cx:pt><cx:pt idx="1">9</cx:pt></cx:lvl></cx:numDim></cx:data>';
    const words = (text: string) => `<cx:tx><cx:txData><cx:v>${text}</cx:v></cx:txData></cx:tx>`;
    expect(
      shown(
        `<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"><cx:chartData>${data}</cx:chartData><cx:chart><cx:title>${words('Fall')}</cx:title><cx:plotArea><cx:plotAreaRegion><cx:series>${words('Sheep')}<cx:dataId val="0"/></cx:series></cx:plotAreaRegion></cx:plotArea></cx:chart></cx:chartSpace>`,
      ),
    ).toBe('Fall\n\n|  | Sheep |\n| --- | --- |\n| Start | 5 |\n| End | 9 |');
  });

  it('that claims a far point or nests its series costs no more than others', () => {
    const far = `<c:val><c:numLit>${points(['1'], 4_000_000_000)}</c:numLit></c:val>`;
    expect(shown(chart(`<c:barChart>${series('A', far)}</c:barChart>`))).toContain('| 1 |');
    const nested = `${'<c:ser><c:tx>'.repeat(200)}${typed('x').repeat(1000)}`;
    expect(shown(chart(`<c:barChart>${nested}</c:barChart>`)).length).toBeLessThan(10_000);
    expect(shown('<c:chartSpace/>')).toBe('');
  });
});
