import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Folder of the public corpus, which is optional; '' without one. */
export const CORPUS = process.env['SLUICE_CORPUS'] ?? '';

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
