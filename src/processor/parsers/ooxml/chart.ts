import type { Cell, ContentBlock, Row } from '../blocks/block.ts';
import { elementAt, elementsIn, type XmlElement } from '../markup/xml-element.ts';
import { chartSeries, titleText, type ChartSeries, type Points } from './chart-series.ts';

/**
 * Writes a chart as its title and a table: a row for each point, a column for each series. Series of other points than
 * the ones before have a table of their own.
 * @param chart root of its part
 */
export function chartBlocks(chart: XmlElement): ContentBlock[] {
  const part = elementAt(chart, 'c:chart') ?? elementAt(chart, 'cx:chart');
  if (!part) return [];
  const title = titleText(elementAt(part, 'c:title') ?? elementAt(part, 'cx:title'));
  const { points, values } = axisTitles(part);
  const head = [title, ...values].filter((line) => line !== '').join('\n');
  const tables = groups(chartSeries(chart)).map((series): ContentBlock => ({
    type: 'table',
    rows: tableRows(series, points, title),
    headerRows: 1,
  }));
  return head === '' ? tables : [{ type: 'paragraph', text: head }, ...tables];
}

/** Returns the title of the axis of points, and those of the axes of values. */
function axisTitles(part: XmlElement): { points: string; values: string[] } {
  const inPlot = elementsIn(elementAt(part, 'c:plotArea'));
  const axes = inPlot.filter(({ name }) => /^c:(?:cat|date|val|ser)Ax$/.test(name));
  const isFlat = (axis: XmlElement) => /^[bt]$/.test(elementAt(axis, 'c:axPos')?.attributes.get('val') ?? '');
  const points =
    axes.find(({ name }) => name === 'c:catAx' || name === 'c:dateAx') ?? axes.find((axis) => isFlat(axis));
  const title = (axis: XmlElement | undefined) => titleText(elementAt(axis, 'c:title'));
  return {
    points: title(points),
    values: axes.filter((axis) => axis !== points).map(title),
  };
}

/** Groups neighbours with the same points. A series without names for its points takes those before. */
function groups(all: readonly ChartSeries[]): ChartSeries[][] {
  const found: { key: string; series: ChartSeries[] }[] = [];
  for (const series of all) {
    const key = JSON.stringify(series.categories.map((level) => [...level]));
    const last = found.at(-1);
    if (last && (series.categories.length === 0 || last.key === key)) last.series.push(series);
    else found.push({ key, series: [series] });
  }
  return found.map(({ series }) => series);
}

function tableRows(group: readonly ChartSeries[], axis: string, title: string): Row[] {
  const categories = group[0]?.categories ?? [];
  const columns: Points[] = [...categories, ...group.flatMap(({ values }) => values)];
  const points = [...new Set(columns.flatMap((column) => [...column.keys()]))].toSorted((a, b) => a - b);
  const names = group.flatMap(({ name, values }, index) => {
    // Office names a series that has no name by its number.
    const shown = name || (group.length > 1 ? `Series ${index + 1}` : title);
    return values.map((_, column) => (column === 0 ? shown : ''));
  });
  const header = [...categories.map((_, column) => (column === 0 ? axis : '')), ...names];
  // A category of an outer level stands beside the points up to the next one.
  const starts = categories
    .slice(0, -1)
    .map((level) => points.flatMap((point, row) => (level.has(point) ? [row] : [])));
  const spans = starts.map(
    (rows) => new Map(rows.map((row, i) => [row, (rows[i + 1] ?? points.length) - row])),
  );
  const rows = points.map((point, row) =>
    columns.flatMap((column, index): Cell[] => {
      const text = column.get(point);
      if (text === undefined) return [];
      const rowSpan = spans[index]?.get(row) ?? 1;
      return [{ text, column: index, ...(rowSpan > 1 && { rowSpan }) }];
    }),
  );
  return [header.map((text) => ({ text })), ...rows];
}
