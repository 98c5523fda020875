import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';

import { INSTALLATION_FILE } from '../installation/blob-identity.ts';

const Adoption = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ adopted_at: v.pipe(v.string(), v.isoTimestamp()), from: v.picklist(['empty', 'older']) }),
);

/**
 * Reads the time since which all files of a store are of the current version.
 * @param root the store's folder
 * @returns ms since 1970; `-Infinity` for a store that began with this version, `Infinity` if unknown
 */
export async function readCurrentSince(root: string): Promise<number> {
  const text = await readFile(join(root, INSTALLATION_FILE), 'utf8').catch(() => undefined);
  const found = v.safeParse(Adoption, text);
  if (!found.success) return Infinity;
  return found.output.from === 'empty' ? -Infinity : Date.parse(found.output.adopted_at);
}
