import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Scope of the packages with Tesseract's language data. Each is named after its language. */
const SCOPE = '@tesseract.js-data';
/** Folders of a package, the best first. Both models read equally well. The first has a quarter of the size. */
const MODELS = ['4.0.0_best_int', '4.0.0'];
/** Tesseract's name of a language, such as `eng` or `chi_sim`. It becomes part of a path. */
const NAME = /^[a-z]{3}(?:_[a-z]{2,8})*$/;
/** Longest list of installed languages in an error text. */
const MAX_NAMED = 20;

const require = createRequire(import.meta.url);

/** Language data that OCR loads. It never downloads any. */
export interface OcrData {
  /** Folder of the unpacked files. */
  folder: string;
  /** Languages as Tesseract takes them: `eng+deu`. */
  languages: string;
}

/** Returns the package with the data of a language. */
export function dataPackage(language: string): string {
  return `${SCOPE}/${language}`;
}

/** Returns whether the data of a language is installed. */
export function isInstalled(language: string): boolean {
  return dataOf(language) !== undefined;
}

/** Names the installed languages, for an error text. */
export function namesOfInstalled(): string {
  const known = packageOf('eng');
  const names = known === undefined ? [] : readdirSync(dirname(known)).filter(isInstalled).sort();
  return names.slice(0, MAX_NAMED).join(', ') || 'none';
}

/**
 * Unpacks the data of installed languages, because Tesseract reads only plain files.
 * @param folder made here; the children may read it
 */
export async function unpackLanguages(languages: readonly string[], folder: string): Promise<OcrData> {
  await mkdir(folder);
  for (const language of languages) {
    const packed = dataOf(language);
    // Tesseract would try to download the missing file.
    if (packed === undefined) throw new Error(`no OCR data for "${language}" is installed`);
    const data = await promisify(gunzip)(await readFile(packed));
    await writeFile(join(folder, `${language}.traineddata`), data);
  }
  return { folder, languages: languages.join('+') };
}

function dataOf(language: string): string | undefined {
  const folder = NAME.test(language) ? packageOf(language) : undefined;
  if (folder === undefined) return undefined;
  return MODELS.map((model) => join(folder, model, `${language}.traineddata.gz`)).find(existsSync);
}

function packageOf(language: string): string | undefined {
  try {
    return dirname(require.resolve(`${dataPackage(language)}/package.json`));
  } catch {
    return undefined;
  }
}
