import { createHash } from 'node:crypto';

import type { Random } from './random.ts';

export const COLLECTIONS = ['atlas', 'ledger', 'herbarium'];
const WORDS =
  'river stone lantern harbor violin meadow copper winter orchard signal paper garden bridge thunder needle'.split(
    ' ',
  );
const NO_TEXT = '\n \n';
/** Shares of uploads that repeat an earlier one of the same name, or replace it. */
const COPIES = 0.12;
const REPLACEMENTS = 0.12;

/** An upload to make. Uploads of one name are versions of one file. */
export interface PlannedUpload {
  index: number;
  filename: string;
  collection: string;
  onDuplicate: 'skip' | 'replace';
  text: string;
  /** SHA-256 of the text, in hex. */
  contentHash: string;
  key: string;
  random: Random;
}

/** The uploads of a run, by number. The same seed makes the same plan, whatever happens to the uploads. */
export class Plan {
  readonly #random: Random;
  readonly #uploads: PlannedUpload[] = [];
  /** A part of the first chunk of each text, by the text's hash. */
  readonly #markers = new Map<string, string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Every upload that {@link upload} has returned, by its number. */
  get uploads(): readonly PlannedUpload[] {
    return this.#uploads;
  }

  /** Returns a part of a text's first chunk; `undefined` for a file without text, whose job has to fail. */
  markerOf(contentHash: string): string | undefined {
    return this.#markers.get(contentHash);
  }

  /** Returns an upload. Each one depends on those before it. */
  upload(index: number): PlannedUpload {
    while (this.#uploads.length <= index) this.#uploads.push(this.#next());
    return this.#uploads[index] as PlannedUpload;
  }

  #next(): PlannedUpload {
    const index = this.#uploads.length;
    const random = this.#random.fork(`document-${index}`);
    const key = `chaos-${index}-${random.int(1e8, 1e9 - 1)}`;
    const kind = random.next();
    const earlier = this.#uploads[random.int(0, Math.max(0, index - 1))];
    const former = earlier && this.#uploads.findLast(({ filename }) => filename === earlier.filename);
    // A file without text never makes a document, so no upload follows it.
    if (former && this.#markers.has(former.contentHash)) {
      if (kind < COPIES) return { ...former, index, onDuplicate: 'skip', key, random };
      if (kind < COPIES + REPLACEMENTS)
        return { ...former, index, onDuplicate: 'replace', key, random, ...this.#text(index, random) };
    }
    const filename = `chaos-${index}.md`;
    const collection = random.pick(COLLECTIONS);
    const content = random.chance(0.03) ? hashed(NO_TEXT) : this.#text(index, random);
    return { index, filename, collection, onDuplicate: 'skip', key, random, ...content };
  }

  #text(index: number, random: Random) {
    const marker = `Marker ${index} ${random.int(1e8, 1e9 - 1)}`;
    const content = hashed(`# ${marker}\n\n${prose(random)}\n`);
    this.#markers.set(content.contentHash, marker);
    return content;
  }
}

function hashed(text: string) {
  return { text, contentHash: createHash('sha256').update(text).digest('hex') };
}

function prose(random: Random): string {
  const sentence = () => {
    const words = Array.from({ length: random.int(6, 14) }, () => random.pick(WORDS)).join(' ');
    return `${words[0]!.toUpperCase()}${words.slice(1)}.`;
  };
  return Array.from({ length: random.int(3, 40) }, sentence).join(' ');
}
