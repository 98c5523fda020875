import type { Archive } from '../markup/archive.ts';
import type { ElementBudget } from '../markup/read-xml.ts';
import { relationsOf } from './relations.ts';

/**
 * Returns the path of the part that holds a document.
 * @param usual path that programs use; it counts if the file does not name its part
 */
export function mainPart(archive: Archive, budget: ElementBudget, usual: string): string {
  const relations = [...relationsOf('', archive, budget).values()];
  return relations.find(({ kind }) => kind === 'officeDocument')?.path ?? usual;
}
