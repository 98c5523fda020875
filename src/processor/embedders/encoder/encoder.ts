import { readLayer, type Layer, type Norm } from './layers.ts';
import { Matrices } from './matrices.ts';
import { readModelFiles, type ModelFiles } from './model-files.ts';
import { PANEL, TILE_ROWS, UNROLLED, type Panels, type Rows } from './multiply.ts';
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
  /** Lists of the numbers other than 0, one for each row of a sparse product's left side. */
  readonly #lists: Rows;
  /** By text and token: the token's share of the text's mean. */
  readonly #shares: Rows;
  /** By text: the mean of its states, then of its states inside the last layer. */
  readonly #means: Rows;
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
    this.#lists = matrices.rows(RUN_TOKENS, 1 + 2 * INNER_WIDTH);
    this.#shares = matrices.rows(RUN_TOKENS, RUN_TOKENS);
    this.#means = matrices.rows(RUN_TOKENS, WIDTH + INNER_WIDTH);
    this.#zeros = matrices.reserve(INNER_WIDTH);
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
    this.#widen(first, tokens);
    // The rectifier leaves 8 % of the numbers. Skipping the zeros saves 16 % of the products.
    this.#matrices.multiplySparse(this.#wide, first.narrow, this.#normed, tokens, INNER_WIDTH, this.#lists);
    this.#add(this.#normed, this.#state, tokens);
    this.#attend(second, this.#state, lengths);
    this.#matrices.multiply(this.#attended, second.attentionOut, this.#normed, tokens, WIDTH);
    this.#add(this.#normed, this.#state, tokens);
    this.#widen(second, tokens);
    // The matrix is linear, so it takes the mean of the tokens as well. That saves 17 % of the products.
    const hidden = { at: this.#means.at + WIDTH, step: this.#means.step };
    this.#average(lengths, this.#state, WIDTH, this.#means);
    this.#average(lengths, this.#wide, INNER_WIDTH, hidden);
    this.#matrices.multiply(hidden, second.narrow, this.#normed, texts.length, INNER_WIDTH);
    this.#add(this.#means, this.#normed, texts.length);
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
        const inner = padded(length);
        for (let row = 0; row < length; row++) {
          const start = this.#weights.at + row * this.#weights.step;
          this.#matrices.floats.fill(0, start + length, start + inner);
          softmax(this.#matrices.floats, start, start + length, 1 / Math.sqrt(headWidth));
        }
        const values = this.#columns({ at: at + 2 * width + head, step: INNER_WIDTH }, headWidth);
        // Rows beyond the last are those of the next text, which comes later.
        const out = { at: this.#attended.at + from * WIDTH + head, step: WIDTH };
        this.#matrices.multiply(this.#weights, values, out, length, inner);
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

  /** Computes the first half of the feed-forward block: from the state to the wide state after the rectifier. */
  #widen({ forwardNorm, widen }: Layer, tokens: number): void {
    this.#norm(this.#state, WIDTH, forwardNorm, tokens);
    this.#matrices.multiply(this.#normed, widen, this.#wide, tokens, WIDTH, 0);
  }

  /** Adds rows of {@link WIDTH} numbers to others. */
  #add(from: Rows, to: Rows, rows: number): void {
    const { floats } = this.#matrices;
    for (let row = 0; row < rows; row++) {
      const [summand, sum] = [from.at + row * from.step, to.at + row * to.step];
      for (let i = 0; i < WIDTH; i++) (floats[sum + i] as number) += floats[summand + i] as number;
    }
  }

  /** Normalizes each token's state to mean 0 and variance 1, then scales and shifts it (layer normalization). */
  #norm(input: Rows, width: number, { scale, bias }: Norm, tokens: number): void {
    const { floats } = this.#matrices;
    for (let token = 0; token < tokens; token++) {
      const from = input.at + token * input.step;
      const to = this.#normed.at + token * this.#normed.step;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < width; i++) {
        const value = floats[from + i] as number;
        sum += value;
        squares += value * value;
      }
      const mean = sum / width;
      const factor = 1 / Math.sqrt(squares / width - mean * mean + VARIANCE_FLOOR);
      for (let i = 0; i < width; i++)
        floats[to + i] =
          ((floats[from + i] as number) - mean) * factor * (scale[i] as number) + (bias[i] as number);
    }
    // A product multiplies rows beyond the last by 0. Without new zeros they grow with each run, up to infinity.
    const end = this.#normed.at + tokens * this.#normed.step;
    floats.fill(0, end, end + TILE_ROWS * this.#normed.step);
  }

  /** Returns the first columns of rows as the right side of a product. */
  #columns(rows: Rows, width: number): Panels {
    return { ...rows, panelStep: PANEL, count: width / PANEL, bias: this.#zeros };
  }

  /** Writes the mean of each text's tokens, one text a row. */
  #average(lengths: readonly number[], from: Rows, width: number, to: Rows): void {
    let token = 0;
    for (const [text, length] of lengths.entries()) {
      const shares = this.#matrices.row(this.#shares, text, RUN_TOKENS).fill(0);
      shares.fill(1 / length, token, (token += length));
    }
    this.#matrices.multiply(this.#shares, this.#columns(from, width), to, lengths.length, padded(token));
  }
}

/** Rounds up to the inner size that a product takes. */
function padded(length: number): number {
  return Math.ceil(length / UNROLLED) * UNROLLED;
}

/** Computes the positional encoding: sine and cosine of each position at several rates. */
function timing(rates: Float32Array): Float32Array {
  const rows = Array.from({ length: MAX_TOKENS }, (_, position) => {
    const angles = rates.map((rate) => position * rate);
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  });
  return Float32Array.from(rows.flat());
}

function softmax(floats: Float32Array, start: number, end: number, scale: number): void {
  let max = -Infinity;
  for (let i = start; i < end; i++) max = Math.max(max, floats[i] as number);
  let sum = 0;
  for (let i = start; i < end; i++) sum += floats[i] = Math.exp(((floats[i] as number) - max) * scale);
  for (let i = start; i < end; i++) (floats[i] as number) /= sum;
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i] as number) ** 2;
  return vector.map((value) => value / Math.sqrt(squares));
}
