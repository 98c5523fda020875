import { compileMultiply, PANEL, TILE_ROWS, type Multiply, type Panels, type Rows } from './multiply.ts';
import type { Tensor } from './model-files.ts';

const PAGE_BYTES = 65_536;

/** The matrices of a model and of its states, in one memory of WebAssembly. */
export class Matrices {
  readonly multiply: Multiply;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  #floats = new Float32Array(this.#memory.buffer);
  #used = 0;

  constructor() {
    this.multiply = compileMultiply(this.#memory);
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

  /** Copies weights panel by panel, so that a product reads them in one go. */
  panels({ values, columns }: Tensor, bias: Tensor): Panels {
    const inner = values.length / columns;
    const panelStep = inner * PANEL;
    const at = this.reserve(values.length);
    const biasAt = this.reserve(columns);
    this.#floats.set(bias.values, biasAt);
    for (let column = 0; column < columns; column += PANEL) {
      const panel = at + column * inner;
      for (let row = 0; row < inner; row++) {
        const from = row * columns + column;
        this.#floats.set(values.subarray(from, from + PANEL), panel + row * PANEL);
      }
    }
    return { at, step: PANEL, panelStep, count: columns / PANEL, bias: biasAt };
  }
}
