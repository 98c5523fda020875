import { strFromU8, unzipSync } from 'fflate';

import { ProcessorError } from '../../errors.ts';
import { TOO_LARGE, type Budget } from './budget.ts';
import { readXml } from './read-xml.ts';
import type { XmlElement } from './xml-element.ts';

/** Most files in an archive. */
const MAX_FILES = 20_000;
/** First bytes of a compound file. Office puts a document with a password into one. */
const COMPOUND = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** Budgets of a document: bytes to unpack, and elements to read. */
interface Budgets {
  unpacking: Budget;
  elements: Budget;
}

/**
 * The files of an unpacked archive, by their paths. Programs write the same path in upper and lower case. Some part it
 * with backslashes.
 */
export class Archive {
  readonly paths: readonly string[];
  /** By their paths, and by those in lower case. */
  readonly #files = new Map<string, Uint8Array>();
  readonly #elements: Budget;

  constructor(files: Readonly<Record<string, Uint8Array>>, elements: Budget) {
    this.#elements = elements;
    const all = Object.entries(files).map(([path, bytes]) => [withSlashes(path), bytes] as const);
    this.paths = all.map(([path]) => path);
    for (const [path, bytes] of all) this.#files.set(path.toLowerCase(), bytes);
    for (const [path, bytes] of all) this.#files.set(path, bytes);
  }

  bytes(path: string): Uint8Array | undefined {
    return this.#files.get(path) ?? this.#files.get(path.toLowerCase());
  }

  /** Reads a file as text in UTF-8 or UTF-16, without its byte order mark. */
  text(path: string): string | undefined {
    const bytes = this.bytes(path);
    if (!bytes) return undefined;
    const [first, second] = bytes;
    if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
    if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
    return strFromU8(bytes).replace(/^\ufeff/, '');
  }

  /** Reads the named elements of a file as trees, in their order; none without the file. See {@link readXml}. */
  trees(path: string, names?: ReadonlySet<string>): Generator<XmlElement> {
    return readXml(this.text(path) ?? '', this.#elements, names);
  }

  /** Reads a file as one tree; undefined without the file, or if it has no element. */
  tree(path: string): XmlElement | undefined {
    return this.trees(path).next().value ?? undefined;
  }
}

function withSlashes(path: string): string {
  return path.replaceAll('\\', '/');
}

/**
 * Unpacks the wanted files of an archive, once.
 * @throws {ProcessorError} `encrypted`, `text_too_long`, or `corrupt`
 */
export function openArchive(
  bytes: Uint8Array,
  isWanted: (path: string) => boolean,
  { unpacking, elements }: Budgets,
): Archive {
  if (COMPOUND.equals(bytes.subarray(0, COMPOUND.length))) throw new ProcessorError('encrypted');
  let files = 0;
  const filter = ({ name, originalSize }: { name: string; originalSize: number }) => {
    if (++files > MAX_FILES) throw new ProcessorError('text_too_long', { detail: TOO_LARGE });
    if (!isWanted(withSlashes(name))) return false;
    unpacking.spend(originalSize);
    return true;
  };
  try {
    return new Archive(unzipSync(bytes, { filter }), elements);
  } catch (error) {
    if (error instanceof ProcessorError) throw error;
    throw new ProcessorError('corrupt', { cause: error });
  }
}
