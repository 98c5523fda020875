import type { Archive } from '../../markup/archive.ts';
import { elementsIn } from '../../markup/xml-element.ts';
import { builtInFormat, parseFormat, type NumberFormat } from './number-format.ts';

const CONTAINERS = new Set(['s:numFmts', 's:cellXfs']);

/** Reads how the styles of cells show numbers, by the number of the style. */
export function numberStyles(path: string, archive: Archive): NumberFormat[] {
  const formats = new Map<number, NumberFormat>();
  const byStyle: NumberFormat[] = [];
  for (const container of archive.trees(path, CONTAINERS)) {
    for (const { name, attributes } of elementsIn(container)) {
      const id = Number(attributes.get('numFmtId') ?? 0);
      const code = name === 's:numFmt' ? attributes.get('formatCode') : undefined;
      const format = (code === undefined ? formats.get(id) : parseFormat(code)) ?? builtInFormat(id);
      formats.set(id, format);
      if (name === 's:xf') byStyle.push(format);
    }
  }
  return byStyle;
}
