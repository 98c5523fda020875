import {
  descendants,
  elementAt,
  elementsIn,
  isSet,
  ownText,
  type XmlElement,
} from '../markup/xml-element.ts';
import { drawingTexts } from './drawing-text.ts';
import { formatNumber, parseFormat } from './sheets/number-format.ts';

/** Texts by the numbers of their points. */
export type Points = ReadonlyMap<number, string>;

/** A series of a chart, with the values that the file keeps beside the cells that they come from. */
export interface ChartSeries {
  name: string;
  /** Names of the points, the outermost level first. */
  categories: Points[];
  values: Points[];
}

const LITERAL = /^c:(?:str|num)(?:Cache|Lit)$/;

/** Reads the series of a chart in their order. */
export function chartSeries(chart: XmlElement): ChartSeries[] {
  return chart.name.startsWith('cx:') ? newerSeries(chart) : olderSeries(chart);
}

/** Returns the words of a title or a name: those typed, else those of the cell that it shows. */
export function titleText(title: XmlElement | undefined): string {
  if (!title) return '';
  const typed = drawingTexts(title).join(' ');
  if (typed !== '') return typed;
  const shown = [...descendants(title)].filter(({ name }) => name === 'c:v' || name === 'cx:v');
  return shown.map(ownText).join(' ').trim();
}

function olderSeries(chart: XmlElement): ChartSeries[] {
  const since1904 = isSet(elementAt(chart, 'c:date1904'), 'val');
  const levels = (series: XmlElement, ...names: string[]) =>
    names.flatMap((name) => elementsIn(series, name)).flatMap((data) => levelsIn(data, since1904));
  return elementsIn(elementAt(chart, 'c:chart', 'c:plotArea'))
    .flatMap((kind) => elementsIn(kind, 'c:ser'))
    .map((series) => ({
      name: titleText(elementAt(series, 'c:tx')),
      categories: levels(series, 'c:cat', 'c:xVal'),
      values: labelled(levels(series, 'c:val', 'c:yVal', 'c:bubbleSize'), typedLabels(series)),
    }));
}

/** Reads the words that a person typed beside points, by the numbers of the points. */
function typedLabels(series: XmlElement): Points {
  const labels = elementsIn(elementAt(series, 'c:dLbls'), 'c:dLbl').map((label): [number, string] => {
    const runs = [...descendants(elementAt(label, 'c:tx') ?? label)].filter(({ name }) => name === 'a:r');
    const words = runs.flatMap((run) => elementsIn(run, 'a:t').map(ownText)).join('');
    return [Number(elementAt(label, 'c:idx')?.attributes.get('val')), words.trim()];
  });
  return new Map(labels.filter(([, words]) => words !== ''));
}

/** Writes the labels of points behind their first values. */
function labelled([first, ...others]: Points[], labels: Points): Points[] {
  if (!first) return [];
  const shown = [...first].map(([point, value]): [number, string] => {
    const label = labels.get(point) ?? value;
    return [point, label === value ? value : `${value} (${label})`];
  });
  return [new Map(shown), ...others];
}

function levelsIn(data: XmlElement, since1904: boolean): Points[] {
  const source = elementsIn(data);
  return [...source, ...source.flatMap((reference) => elementsIn(reference))].flatMap((cache) => {
    if (LITERAL.test(cache.name)) return [pointsIn(cache, since1904)];
    if (cache.name !== 'c:multiLvlStrCache') return [];
    // The file begins with the innermost level.
    return elementsIn(cache, 'c:lvl')
      .map((level) => pointsIn(level, since1904))
      .toReversed();
  });
}

/** Reads a chart of a newer kind, such as a waterfall. */
function newerSeries(chart: XmlElement): ChartSeries[] {
  const sets = elementsIn(elementAt(chart, 'cx:chartData'), 'cx:data');
  const data = new Map(sets.map((set) => [set.attributes.get('id'), set]));
  const region = elementAt(chart, 'cx:chart', 'cx:plotArea', 'cx:plotAreaRegion');
  const levels = (set: XmlElement | undefined, name: string) =>
    elementsIn(set, name).flatMap((dimension) =>
      elementsIn(dimension, 'cx:lvl')
        .map((level) => pointsIn(level, false))
        .toReversed(),
    );
  return elementsIn(region, 'cx:series').map((series) => {
    const set = data.get(elementAt(series, 'cx:dataId')?.attributes.get('val'));
    return {
      name: titleText(elementAt(series, 'cx:tx')),
      categories: levels(set, 'cx:strDim'),
      values: levels(set, 'cx:numDim'),
    };
  });
}

function pointsIn(level: XmlElement, since1904: boolean): Points {
  const isNewer = level.name.startsWith('cx:');
  const code = elementAt(level, 'c:formatCode');
  const format = parseFormat((code && ownText(code)) ?? level.attributes.get('formatCode') ?? 'General');
  return new Map(
    elementsIn(level, isNewer ? 'cx:pt' : 'c:pt').map((pt) => {
      const text = ownText(isNewer ? pt : elementAt(pt, 'c:v')).trim();
      const isText = level.name.startsWith('c:str') || level.name === 'c:lvl';
      return [Number(pt.attributes.get('idx') ?? 0), isText ? text : formatNumber(text, format, since1904)];
    }),
  );
}
