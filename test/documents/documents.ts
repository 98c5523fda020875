import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { CATALOGUE } from './catalogue.ts';

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/sluice-documents');
/** What a document's bytes depend on, beside the folder of this file: the helpers it builds on, the writers' versions. */
const SOURCES = [
  'test/helpers/office-files.ts',
  'test/helpers/pdf-objects.ts',
  'test/chaos/random.ts',
  'package-lock.json',
];
const ROOT = resolve(import.meta.dirname, '../..');

/** The names of all documents that the tests have. */
export const DOCUMENT_NAMES: readonly string[] = Object.keys(CATALOGUE);

let folder: Promise<string> | undefined;

/** The absolute path of a document, which is built when it is asked for first. @param name in the catalogue */
export async function documentPath(name: string): Promise<string> {
  const path = join(await (folder ??= cacheFolder()), name);
  if (!existsSync(path)) await build(name, path);
  return path;
}

/** The bytes of a document. */
export async function documentBytes(name: string): Promise<Buffer<ArrayBuffer>> {
  return readFile(await documentPath(name));
}

/** What a document says, as its author wrote it: page by page, where it has pages. */
export async function documentPages(name: string): Promise<string[]> {
  return JSON.parse(await readFile(pagesPath(await documentPath(name)), 'utf8')) as string[];
}

const pagesPath = (path: string) => `${path}.pages.json`;

/** Workers may ask for the same one at once: each builds it, and the last to be done wins, with the same bytes. */
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

/** A folder for what these sources build; those of others are removed. */
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
