import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Lies beside the repository where somebody has put it there. */
const BESIDE = resolve(import.meta.dirname, '../../../shared/corpus');

/** The folder of the public corpus, which is an extra: it may not be there. `SLUICE_CORPUS` names another. */
export const CORPUS = process.env['SLUICE_CORPUS'] || BESIDE;

export const hasCorpus = existsSync(CORPUS);

/** The absolute path of a document of the corpus. */
export const corpusPath = (name: string) => join(CORPUS, name);

export async function corpusFile(name: string): Promise<File> {
  return new File([await readFile(corpusPath(name))], name);
}

/** The names of its documents, in order. */
export async function corpusNames(): Promise<string[]> {
  return (await readdir(CORPUS)).filter((name) => name !== 'README.md').sort();
}
