import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The absolute path of a document of the corpus, which lies beside the repository. */
export function corpusPath(name: string): string {
  return fileURLToPath(new URL(`../../../shared/corpus/${name}`, import.meta.url));
}

/** The names of its documents, in order. */
export async function corpusNames(): Promise<string[]> {
  return (await readdir(corpusPath(''))).filter((name) => name !== 'README.md').sort();
}
