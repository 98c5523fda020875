import { blocks } from '../chunkers/blocks.ts';
import { sentences } from '../chunkers/sentences.ts';
import { DIMENSIONS, Encoder } from './encoder/encoder.ts';

/** Least length of a passage, in characters. A shorter sentence joins the next. */
const MIN_PASSAGE_CHARS = 60;
const MAX_PASSAGE_CHARS = 1024;

let loading: Promise<Encoder> | undefined;

/** Loads the bundled model once in a process. It takes 0.3 s. The weights take 29 MB. */
export function loadModel(): Promise<Encoder> {
  loading ??= Encoder.load();
  return loading;
}

/**
 * Embeds texts with the bundled model. Averages the embeddings of a text's sentences, weighted by the root of their
 * length, to a unit vector. The model encodes sentences and loses most of a whole chunk. Measured on two papers: a query
 * with a sentence finds its chunk first for 94 % and 82 % of the sentences. With whole chunks it does for 75 % and 65 %.
 * @returns the vectors as JSON arrays joined by commas
 */
export async function* embedTexts(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  const encoder = await loadModel();
  const sentences = texts.map(passages);
  const encoded = encoder.encode(sentences.flat()).values();
  const vectors = sentences.map((passages) => {
    const mean = new Float64Array(DIMENSIONS);
    for (const passage of passages) {
      const weight = Math.sqrt(passage.length);
      for (const [i, value] of encoded.next().value?.entries() ?? []) (mean[i] as number) += value * weight;
    }
    const length = Math.hypot(...mean);
    // Nine digits hold every 32-bit float. Further digits of a double are noise.
    return `[${Array.from(mean, (value) => (value / length).toPrecision(9)).join(',')}]`;
  });
  yield Buffer.from(vectors.join(','));
}

/** Splits a text into sentences and joins short ones. Returns at least one. */
function passages(text: string): string[] {
  const found: string[] = [];
  for (const block of blocks(text)) {
    for (const { start, end } of sentences(text, block, MAX_PASSAGE_CHARS)) {
      const last = found.at(-1);
      const sentence = text.slice(start, end);
      if (last !== undefined && last.length < MIN_PASSAGE_CHARS)
        found[found.length - 1] = `${last} ${sentence}`;
      else found.push(sentence);
    }
  }
  // The model fails without tokens. A space is one.
  return found.length > 0 ? found : [' '];
}
