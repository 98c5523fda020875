import { compileProducts, PANEL, SPARSE_PANEL, TILE_ROWS } from './multiply.ts';
import type { Panels, Products, Rows } from './multiply.ts';
import type { Tensor } from './model-files.ts';

const PAGE_BYTES = 65_536;

/** The matrices of a model and of its states, in one memory of WebAssembly. */
export class Matrices {
  readonly multiply: Products['multiply'];
  readonly #multiplySparse: Products['multiplySparse'];
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  #floats = new Float32Array(this.#memory.buffer);
  #integers = new Int32Array(this.#memory.buffer);
  #used = 0;

  constructor() {
    const { multiply, multiplySparse } = compileProducts(this.#memory);
    this.multiply = multiply;
    this.#multiplySparse = multiplySparse;
  }

  /** All of the memory, by place. Reserving replaces it. */
  get floats(): Float32Array {
    return this.#floats;
  }

  /** Reserves floats of 0. Returns their place. */
  reserve(floats: number): number {
    const at = this.#used;
    this.#used += floats;
    const lacking = 4 * this.#used - this.#memory.buffer.byteLength;
    if (lacking > 0) {
      this.#memory.grow(Math.ceil(lacking / PAGE_BYTES));
      this.#floats = new Float32Array(this.#memory.buffer);
      this.#integers = new Int32Array(this.#memory.buffer);
    }
    return at;
  }

  /** Reserves rows, and those beyond the last that a product may touch. */
  rows(count: number, step: number): Rows {
    return { at: this.reserve((count + TILE_ROWS) * step), step };
  }

  /** Returns a view of a row's first numbers. */
  row({ at, step }: Rows, row: number, width: number): Float32Array {
    return this.#floats.subarray(at + row * step, at + row * step + width);
  }

  /**
   * Copies weights panel by panel, so that a product reads them in one go.
   * @param width columns of a panel: {@link PANEL} or {@link SPARSE_PANEL}
   */
  panels({ values, columns }: Tensor, bias: Tensor, width = PANEL): Panels {
    const inner = values.length / columns;
    const panelStep = inner * width;
    const at = this.reserve(values.length);
    const biasAt = this.reserve(columns);
    this.#floats.set(bias.values, biasAt);
    for (let column = 0; column < columns; column += width) {
      const panel = at + column * inner;
      for (let row = 0; row < inner; row++) {
        const from = row * columns + column;
        this.#floats.set(values.subarray(from, from + width), panel + row * width);
      }
    }
    return { at, step: width, panelStep, count: columns / width, bias: biasAt };
  }

  /**
   * Multiplies like `multiply`, but skips the zeros of `a`.
   * @param b panels of {@link SPARSE_PANEL} columns
   * @param lists where a list of `inner` entries fits into each row
   */
  multiplySparse(a: Rows, b: Panels, c: Rows, rows: number, inner: number, lists: Rows): void {
    const [floats, integers] = [this.#floats, this.#integers];
    for (let row = 0; row < rows; row++) {
      const from = a.at + row * a.step;
      const list = lists.at + row * lists.step;
      let end = list + 1;
      for (let i = 0; i < inner; i++) {
        const value = floats[from + i] as number;
        if (value === 0) continue;
        integers[end++] = 4 * i * SPARSE_PANEL;
        floats[end++] = value;
      }
      // The product takes no empty list.
      if (end === list + 1) {
        integers[end++] = 0;
        floats[end++] = 0;
      }
      integers[list] = (end - list) >>> 1;
    }
    this.#multiplySparse(lists, b, c, rows);
  }
}
