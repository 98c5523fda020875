import { readLayer, type Layer, type Norm } from './layers.ts';
import { Matrices } from './matrices.ts';
import { readModelFiles, type ModelFiles } from './model-files.ts';
import { PANEL, type Panels, type Rows } from './multiply.ts';
import { WordPieces } from './word-pieces.ts';

/** Length of a vector. */
export const DIMENSIONS = 512;
/** Length of a token's state after the first layer. */
const WIDTH = DIMENSIONS;
/** Length of a token's state before the first layer. */
const FIRST_WIDTH = 256;
/** Length of the states inside a layer. */
const INNER_WIDTH = 1536;
/** Most tokens of a text that the model reads. */
const MAX_TOKENS = 128;
/** Tokens of several texts in a run. More gain nothing, because the weights are read from memory rarely enough. */
const RUN_TOKENS = 256;
const VARIANCE_FLOOR = 1e-6;

/**
 * Encodes sentences with the Universal Sentence Encoder (lite): two layers of a transformer over word pieces. Tokens of
 * many texts go through each matrix together. A text's vector does not depend on the others, because rows never mix.
 */
export class Encoder {
  readonly #matrices = new Matrices();
  readonly #pieces: WordPieces;
  readonly #embeddings: Float32Array;
  /** Positional encoding, one position a row. */
  readonly #timing: Float32Array;
  readonly #layers: readonly [Layer, Layer];
  readonly #last: Panels;
  readonly #state: Rows;
  readonly #normed: Rows;
  readonly #wide: Rows;
  /** The first layer's attention and input side by side, then the second's attention. */
  readonly #attended: Rows;
  readonly #keys: number;
  readonly #weights: Rows;
  /** A bias of zeros. */
  readonly #zeros: number;

  static async load(): Promise<Encoder> {
    return new Encoder(await readModelFiles());
  }

  private constructor(files: ModelFiles) {
    const { vocabulary, tensor } = files;
    const matrices = this.#matrices;
    this.#pieces = new WordPieces(vocabulary);
    this.#embeddings = tensor('Embeddings_en').values.slice();
    this.#timing = timing(tensor('TimingSignal/ExpandDims_1').values);
    this.#layers = [readLayer(0, files, matrices), readLayer(1, files, matrices)];
    this.#last = matrices.panels(tensor('tanh_layer_0/weights'), tensor('tanh_layer_0/bias'));
    this.#state = matrices.rows(RUN_TOKENS, WIDTH);
    this.#normed = matrices.rows(RUN_TOKENS, WIDTH);
    this.#wide = matrices.rows(RUN_TOKENS, INNER_WIDTH);
    this.#attended = matrices.rows(RUN_TOKENS, WIDTH);
    this.#weights = matrices.rows(MAX_TOKENS, MAX_TOKENS);
    this.#keys = matrices.reserve(MAX_TOKENS * Math.max(...this.#layers.map(({ headWidth }) => headWidth)));
    this.#zeros = matrices.reserve(MAX_TOKENS);
  }

  /** Returns a unit vector for each text. */
  encode(texts: readonly string[]): Float32Array[] {
    const vectors: Float32Array[] = [];
    let run: number[][] = [];
    let tokens = 0;
    for (const text of texts) {
      const ids = this.#pieces.ids(text).slice(0, MAX_TOKENS);
      if (tokens + ids.length > RUN_TOKENS) {
        vectors.push(...this.#run(run));
        [run, tokens] = [[], 0];
      }
      run.push(ids);
      tokens += ids.length;
    }
    vectors.push(...this.#run(run));
    return vectors;
  }

  #run(texts: readonly number[][]): Float32Array[] {
    const lengths = texts.map(({ length }) => length);
    const input = { at: this.#attended.at + FIRST_WIDTH, step: WIDTH };
    const tokens = this.#place(texts, input);
    const [first, second] = this.#layers;
    this.#attend(first, input, lengths);
    // The first layer's matrix takes the input as well, which makes it as wide as the output.
    this.#matrices.multiply(this.#attended, first.attentionOut, this.#state, tokens, WIDTH);
    this.#forward(first, tokens);
    this.#attend(second, this.#state, lengths);
    this.#matrices.multiply(this.#attended, second.attentionOut, this.#normed, tokens, WIDTH);
    this.#addNormed(tokens);
    this.#forward(second, tokens);
    this.#average(lengths);
    this.#matrices.multiply(this.#normed, this.#last, this.#state, texts.length, WIDTH);
    return texts.map((_, row) => unit(this.#matrices.row(this.#state, row, WIDTH).map(Math.tanh)));
  }

  /** Writes the tokens' embeddings, row by row. Returns their number. */
  #place(texts: readonly number[][], input: Rows): number {
    let token = 0;
    for (const ids of texts) {
      for (const [position, id] of ids.entries()) {
        const row = this.#matrices.row(input, token++, FIRST_WIDTH);
        for (let i = 0; i < FIRST_WIDTH; i++) {
          const embedding = this.#embeddings[id * FIRST_WIDTH + i] as number;
          row[i] = 2 * embedding + (this.#timing[position * FIRST_WIDTH + i] as number);
        }
      }
    }
    return token;
  }

  /** Lets each text's tokens attend to each other: from `input` to the first columns of `#attended`. */
  #attend({ width, headWidth, ...layer }: Layer, input: Rows, lengths: readonly number[]): void {
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    this.#norm(input, width, layer.attentionNorm, tokens);
    this.#matrices.multiply(this.#normed, layer.queryKeyValue, this.#wide, tokens, width);
    let from = 0;
    for (const length of lengths) {
      const at = this.#wide.at + from * INNER_WIDTH;
      for (let head = 0; head < width; head += headWidth) {
        const keys = this.#transposedKeys(at + width + head, headWidth, length);
        this.#matrices.multiply({ at: at + head, step: INNER_WIDTH }, keys, this.#weights, length, headWidth);
        for (let row = 0; row < length; row++)
          softmax(this.#matrices.row(this.#weights, row, length), 1 / Math.sqrt(headWidth));
        const values = {
          at: at + 2 * width + head,
          step: INNER_WIDTH,
          panelStep: PANEL,
          count: headWidth / PANEL,
          bias: this.#zeros,
        };
        // Rows beyond the last are those of the next text, which comes later.
        const out = { at: this.#attended.at + from * WIDTH + head, step: WIDTH };
        this.#matrices.multiply(this.#weights, values, out, length, length);
      }
      from += length;
    }
  }

  #transposedKeys(at: number, headWidth: number, length: number): Panels {
    const { floats } = this.#matrices;
    const panelStep = headWidth * PANEL;
    for (let token = 0; token < length; token++) {
      const to = this.#keys + Math.floor(token / PANEL) * panelStep + (token % PANEL);
      const key = at + token * INNER_WIDTH;
      for (let i = 0; i < headWidth; i++) floats[to + i * PANEL] = floats[key + i] as number;
    }
    return { at: this.#keys, step: PANEL, panelStep, count: Math.ceil(length / PANEL), bias: this.#zeros };
  }

  /** Adds the output of the feed-forward block to the state: two matrices with a rectifier between them. */
  #forward({ forwardNorm, widen, narrow }: Layer, tokens: number): void {
    this.#norm(this.#state, WIDTH, forwardNorm, tokens);
    this.#matrices.multiply(this.#normed, widen, this.#wide, tokens, WIDTH, 0);
    this.#matrices.multiply(this.#wide, narrow, this.#normed, tokens, INNER_WIDTH);
    this.#addNormed(tokens);
  }

  #addNormed(tokens: number): void {
    const { floats } = this.#matrices;
    const { at } = this.#state;
    for (let i = 0; i < tokens * WIDTH; i++)
      (floats[at + i] as number) += floats[this.#normed.at + i] as number;
  }

  /** Normalizes each token's state to mean 0 and variance 1, then scales and shifts it (layer normalization). */
  #norm(input: Rows, width: number, { scale, bias }: Norm, tokens: number): void {
    for (let token = 0; token < tokens; token++) {
      const row = this.#matrices.row(input, token, width);
      const to = this.#matrices.row(this.#normed, token, width);
      let sum = 0;
      for (let i = 0; i < width; i++) sum += row[i] as number;
      const mean = sum / width;
      let squares = 0;
      for (let i = 0; i < width; i++) squares += ((row[i] as number) - mean) ** 2;
      const factor = 1 / Math.sqrt(squares / width + VARIANCE_FLOOR);
      for (let i = 0; i < width; i++)
        to[i] = ((row[i] as number) - mean) * factor * (scale[i] as number) + (bias[i] as number);
    }
  }

  /** Writes the mean of each text's tokens, one text a row. */
  #average(lengths: readonly number[]): void {
    let token = 0;
    for (const [text, length] of lengths.entries()) {
      const mean = this.#matrices.row(this.#normed, text, WIDTH).fill(0);
      for (const end = token + length; token < end; token++) {
        const row = this.#matrices.row(this.#state, token, WIDTH);
        for (let i = 0; i < WIDTH; i++) (mean[i] as number) += (row[i] as number) / length;
      }
    }
  }
}

/** Computes the positional encoding: sine and cosine of each position at several rates. */
function timing(rates: Float32Array): Float32Array {
  const rows = Array.from({ length: MAX_TOKENS }, (_, position) => {
    const angles = rates.map((rate) => position * rate);
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  });
  return Float32Array.from(rows.flat());
}

function softmax(row: Float32Array, scale: number): void {
  let max = -Infinity;
  for (let i = 0; i < row.length; i++) max = Math.max(max, row[i] as number);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i] = Math.exp(((row[i] as number) - max) * scale);
  for (let i = 0; i < row.length; i++) (row[i] as number) /= sum;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
