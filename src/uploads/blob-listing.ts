import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { CHECKPOINT, ENDED, MANIFEST } from './blob-paths.ts';
import { readManifest, type Manifest } from './manifest.ts';

/**
 * Every whole manifest of a job that has not ended, some at a time. One that is not whole belongs to an upload
 * that was cut off.
 * @param root the store's folder
 * @param minAgeMs leaves out younger ones, whose upload may not have been answered yet
 */
export async function* listManifests(
  root: string,
  count: number,
  minAgeMs: number,
): AsyncGenerator<Manifest[]> {
  let page: Manifest[] = [];
  for await (const path of oldFiles(root, minAgeMs)) {
    const manifest = path.endsWith(MANIFEST) ? await readManifest(path) : undefined;
    if (manifest && page.push(manifest) === count) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/**
 * The keys of all blobs, whole or not, that were last written so long ago; some more than once, for each file
 * that belongs to them.
 */
export async function* listKeys(root: string, minAgeMs: number): AsyncGenerator<string> {
  for await (const path of oldFiles(root, minAgeMs)) {
    const [name = ''] = relative(root, path).split(CHECKPOINT + sep);
    yield name.endsWith(MANIFEST) ? name.slice(0, -MANIFEST.length) : name;
  }
}

async function* oldFiles(root: string, minAgeMs: number): AsyncGenerator<string> {
  for (const folder of await readdir(root)) {
    if (folder === ENDED) continue;
    for (const name of ['', ...(await readdir(join(root, folder), { recursive: true }).catch(() => []))]) {
      const path = join(root, folder, name);
      // What is gone between the listing and the look was removed by its owner.
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() && Date.now() - found.mtimeMs >= minAgeMs) yield path;
    }
  }
}
