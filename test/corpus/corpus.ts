import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Default folder of the corpus, beside the repository. */
const BESIDE = resolve(import.meta.dirname, '../../../shared/corpus');

/** Folder of the public corpus, which is optional. `SLUICE_CORPUS` names another. */
export const CORPUS = process.env['SLUICE_CORPUS'] || BESIDE;

export const hasCorpus = existsSync(CORPUS);

/** Returns the absolute path of a document of the corpus. */
export const corpusPath = (name: string) => join(CORPUS, name);

export async function corpusFile(name: string): Promise<File> {
  return new File([await readFile(corpusPath(name))], name);
}

/** Lists the names of its documents in order. */
export async function corpusNames(): Promise<string[]> {
  return (await readdir(CORPUS)).filter((name) => name !== 'README.md').sort();
}
