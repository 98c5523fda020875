import type { Archive } from '../markup/archive.ts';

/** A relationship between a part of an Office file and another part. */
interface Relation {
  /** Last word of its type's address, such as `styles` or `image`. */
  kind: string;
  /** Path of the other part in the archive. */
  path: string;
}

/** The relationships of a part by their ids. */
export type Relations = ReadonlyMap<string, Relation>;

const RELATION = new Set(['rel:Relationship']);

/**
 * Reads the relationships of a part by their ids, without those to places outside of the file.
 * @param part path of the part; '' is the file itself
 */
export function relationsOf(part: string, archive: Archive): Relations {
  const folder = folderOf(part);
  const path = `${folder}_rels/${part.slice(folder.length)}.rels`;
  const relations = new Map<string, Relation>();
  for (const { attributes } of archive.trees(path, RELATION)) {
    const target = attributes.get('Target');
    if (target === undefined || attributes.get('TargetMode') === 'External') continue;
    const kind = attributes.get('Type')?.split('/').at(-1) ?? '';
    relations.set(attributes.get('Id') ?? '', { kind, path: pathIn(folder, target) });
  }
  return relations;
}

/** Returns the paths of the related parts of a kind. */
export function pathsOf(kind: string, relations: Relations): string[] {
  return [...relations.values()].filter((relation) => relation.kind === kind).map(({ path }) => path);
}

/** Returns the path of the part that holds the document; undefined if the file does not name it. */
export function mainPart(archive: Archive): string | undefined {
  return pathsOf('officeDocument', relationsOf('', archive))[0];
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
