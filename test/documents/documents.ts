import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { CATALOGUE } from './catalogue.ts';

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/sluice-documents');
/** Inputs of a document's bytes beside this folder: the helpers it builds on, the writers' versions. */
const SOURCES = [
  'test/helpers/documents/office-files.ts',
  'test/helpers/documents/pdf-objects.ts',
  'test/chaos/random.ts',
  'package-lock.json',
];
const ROOT = resolve(import.meta.dirname, '../..');

/** Names of all the tests' documents. */
export const DOCUMENT_NAMES: readonly string[] = Object.keys(CATALOGUE);

let folder: Promise<string> | undefined;

/** Returns the absolute path of a document. The first call builds it. @param name in the catalogue */
export async function documentPath(name: string): Promise<string> {
  const path = join(await (folder ??= cacheFolder()), name);
  if (!existsSync(path)) await build(name, path);
  return path;
}

/** Reads the bytes of a document. */
export async function documentBytes(name: string): Promise<Buffer<ArrayBuffer>> {
  return readFile(await documentPath(name));
}

/** Reads a document's text as its author wrote it, page by page if it has pages. */
export async function documentPages(name: string): Promise<string[]> {
  return JSON.parse(await readFile(pagesPath(await documentPath(name)), 'utf8')) as string[];
}

const pagesPath = (path: string) => `${path}.pages.json`;

/** Builds a document. Concurrent workers each build it, and the last write wins, with the same bytes. */
async function build(name: string, path: string): Promise<void> {
  const builder = CATALOGUE[name];
  if (!builder) throw new Error(`There is no document ${name}. Add it to test/documents/catalogue.ts.`);
  const { bytes, pages } = await builder();
  await put(pagesPath(path), JSON.stringify(pages));
  await put(path, bytes);
}

async function put(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}

/** Returns the cache folder of these sources, and removes those of other sources. */
async function cacheFolder(): Promise<string> {
  const here = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true });
  const files = here.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...files.toSorted(), ...SOURCES.map((path) => join(ROOT, path))]) {
    hash.update(file.slice(ROOT.length)).update(await readFile(file));
  }
  const name = hash.digest('hex').slice(0, 16);
  await mkdir(join(CACHE, name), { recursive: true });
  const others = (await readdir(CACHE)).filter((other) => other !== name);
  for (const other of others) await rm(join(CACHE, other), { recursive: true, force: true });
  return join(CACHE, name);
}
