import type { Archive } from '../markup/archive.ts';
import { readXml, type ElementBudget } from '../markup/read-xml.ts';

/** A relationship between a part of an Office file and another part. */
export interface Relation {
  /** Last word of its type's address, such as `styles` or `image`. */
  kind: string;
  /** Path of the other part in the archive. */
  path: string;
}

const RELATION = new Set(['rel:Relationship']);

/**
 * Reads the relationships of a part by their ids, without those to places outside of the file.
 * @param part path of the part; '' is the file itself
 */
export function relationsOf(part: string, archive: Archive, budget: ElementBudget): Map<string, Relation> {
  const folder = folderOf(part);
  const xml = archive.text(`${folder}_rels/${part.slice(folder.length)}.rels`) ?? '';
  const relations = new Map<string, Relation>();
  for (const { attributes } of readXml(xml, budget, RELATION)) {
    const target = attributes.get('Target');
    if (target === undefined || attributes.get('TargetMode') === 'External') continue;
    const kind = attributes.get('Type')?.split('/').at(-1) ?? '';
    relations.set(attributes.get('Id') ?? '', { kind, path: pathIn(folder, target) });
  }
  return relations;
}

/** Returns the folder of a part, with a slash at its end. */
export function folderOf(part: string): string {
  return part.slice(0, part.lastIndexOf('/') + 1);
}

function pathIn(folder: string, target: string): string {
  const names: string[] = [];
  const [path = ''] = (target.startsWith('/') ? target : folder + target).split('#');
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}
