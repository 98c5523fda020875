import { formulaText } from '../markup/formula.ts';
import { elementAt, textIn, type XmlElement } from '../markup/xml-element.ts';
import type { OdfFile } from './odf-file.ts';

/** A formula or a chart in a frame. */
export interface OdfObject {
  formula?: string;
  /** Title of a chart. */
  title?: string;
  /** Values of a chart. */
  tables: XmlElement[];
}

/** Reads the object that a frame shows. Returns undefined if there is none of a known kind. */
export function readObject(frame: XmlElement, file: OdfFile): OdfObject | undefined {
  const object = elementAt(frame, 'draw:object');
  if (!object) return undefined;
  const formula = elementAt(object, 'math:math');
  const path = object.attributes.get('xlink:href') ?? '';
  const found = formula ? [formula] : file.object(path, ['math:math', 'chart:title', 'table:table']);
  if (found.length === 0) return undefined;
  const math = found.find(({ name }) => name === 'math:math');
  if (math) return { formula: formulaText(math), tables: [] };
  const titles = found.filter(({ name }) => name === 'chart:title').map(textIn);
  return {
    ...(titles.length > 0 && { title: titles.join(', ') }),
    tables: found.filter(({ name }) => name === 'table:table'),
  };
}
