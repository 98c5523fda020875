import { fileURLToPath } from 'node:url';

/** The absolute path of a document of the corpus, which lies beside the repository. */
export function corpusPath(name: string): string {
  return fileURLToPath(new URL(`../../../shared/corpus/${name}`, import.meta.url));
}
