/**
 * Writes a WebAssembly module that multiplies matrices, byte by byte, so that the build needs no compiler. Measured: 46
 * to 52 GFLOP/s, where the registers alone reach 52, and a whole run of TensorFlow.js reached 15.
 */

/** Rows of a tile. Its twelve sums, two weights and a factor fill the 15 vector registers of x86. */
export const TILE_ROWS = 6;
/** Columns of a tile, which are a panel's width. */
export const PANEL = 8;
/** Products between two checks of a tile's loop. With one at a time, six rows are slower than five. */
export const UNROLLED = 4;
/** Columns of a sparse product's tile of one row: eight sums, because each waits four cycles for its own last product. */
export const SPARSE_PANEL = 32;

/** A matrix in the module's memory. Places and steps are in floats. */
export interface Rows {
  at: number;
  /** From a row to the next. */
  step: number;
}
/** The right side of a product: panels of {@link PANEL} columns, or of {@link SPARSE_PANEL}. */
export interface Panels extends Rows {
  /** From a panel to the next. */
  panelStep: number;
  count: number;
  /** Place of one number a column, added to the product. */
  bias: number;
}

/**
 * Writes `a × b + bias` to `c`. Computes rows in multiples of {@link TILE_ROWS}. So it reads and writes up to five rows
 * beyond the last.
 * @param inner columns of `a`, rows of `b`: a multiple of {@link UNROLLED}
 * @param least lower bound of each result: 0 for a rectifier, `-Infinity` for none
 */
export type Multiply = (a: Rows, b: Panels, c: Rows, rows: number, inner: number, least?: number) => void;

export interface Products {
  multiply: Multiply;
  /**
   * Multiplies like {@link Multiply}, but skips the zeros of `a`. Each row of `a` is a list: the count of its entries,
   * then an entry for each number that is not 0. An entry is the place of the number's row in a panel of `b`, in bytes,
   * and the number. No list is empty. The panels have {@link SPARSE_PANEL} columns.
   */
  multiplySparse: (a: Rows, b: Panels, c: Rows, rows: number) => void;
}

/** Compiles the module on a memory. */
export function compileProducts(memory: WebAssembly.Memory): Products {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { env: { memory } });
  const multiply =
    (name: string): Multiply =>
    (a, b, c, rows, inner, least = -Infinity) =>
      (instance.exports[name] as (...numbers: number[]) => void)(
        ...[a.at, a.step, b.at, b.step, b.panelStep, c.at, c.step, b.bias].map((floats) => 4 * floats),
        rows,
        inner,
        b.count,
        least,
      );
  const sparse = multiply('sparse');
  return { multiply: multiply('dense'), multiplySparse: (a, b, c, rows) => sparse(a, b, c, rows, 0) };
}

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];
const [LOOP, END, BRANCH_IF, VOID] = [0x03, 0x0b, 0x0d, 0x40];
const [GET, SET, TEE, CONST] = [0x20, 0x21, 0x22, 0x41];
const [ADD, SUBTRACT, GREATER] = [0x6a, 0x6b, 0x4a];
const simd = (code: number, ...rest: number[]) => [0xfd, ...unsigned(code), ...rest];
const SPLAT = simd(19);
const MAX = simd(0xeb);
/** Relaxed: rounds once where the processor has fused multiply-add, else twice. */
const MULTIPLY_ADD = simd(0x105);
const loadInteger = (index: number) => [0x28, 2, 4 * index];
const loadSplat = (index: number) => simd(9, 2, 4 * index);
const load = (vector: number) => simd(0, 4, ...unsigned(16 * vector));
const store = (vector: number) => simd(11, 4, ...unsigned(16 * vector));

/** Encodes as LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

const get = (local: number) => [GET, ...unsigned(local)];
const set = (local: number) => [SET, ...unsigned(local)];
const tee = (local: number) => [TEE, ...unsigned(local)];
const copy = (from: number, to: number) => [...get(from), ...set(to)];
/** Adds to a local. */
const advance = (local: number, by: number[]) => [...get(local), ...by, ADD, ...set(local)];
/** A constant below 8,192. */
const constant = (value: number) => [CONST, (value & 0x7f) | 0x80, value >>> 7];
/** Repeats while `counter` is above 0 after it fell by `by`. */
const loop = (counter: number, by: number, body: number[]) => [
  LOOP,
  VOID,
  ...body,
  ...get(counter),
  ...constant(by),
  SUBTRACT,
  ...tee(counter),
  ...constant(0),
  GREATER,
  BRANCH_IF,
  0,
  END,
];
const addProduct = (sum: number, factor: number[], weight: number[]) => [
  ...factor,
  ...weight,
  ...get(sum),
  ...MULTIPLY_ADD,
  ...set(sum),
];
const each = <Item>(items: readonly Item[], code: (item: Item, index: number) => number[]) =>
  items.flatMap(code);

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const sized = (body: number[]) => [...unsigned(body.length), ...body];
  const section = (id: number, body: number[]) => [id, ...sized(body)];
  const name = (text: string) => sized([...Buffer.from(text)]);
  return Uint8Array.from([
    ...Buffer.from('\0asm\x01\0\0\0'),
    ...section(1, [1, 0x60, PARAMETERS, ...Array<number>(PARAMETERS - 1).fill(I32), F32, 0]),
    ...section(2, [1, ...name('env'), ...name('memory'), 2, 0, 1]),
    ...section(3, [2, 0, 0]),
    ...section(7, [2, ...name('dense'), 0, 0, ...name('sparse'), 0, 1]),
    ...section(10, [2, ...sized(denseCode()), ...sized(sparseCode())]),
  ]);
}

const [A, A_STEP, B, B_STEP, PANEL_STEP, C, C_STEP, BIAS] = [0, 1, 2, 3, 4, 5, 6, 7];
const [ROWS, INNER, PANELS, LEAST] = [8, 9, 10, 11];
const PARAMETERS = 12;
const [WEIGHTS, LEFT, ROWS_LEFT, FROM, TO] = [12, 13, 14, 15, 16];
const FACTORS = 17;

/** For each panel, for each tile of rows: sums, then stores. All places and steps are in bytes. */
function functionCode(rows: number, columns: number, sum: (tile: Tile) => number[]): number[] {
  const several = (count: number, from: number) => Array.from({ length: count }, (_, index) => from + index);
  const vectors = columns / 4;
  const pointers = several(rows, FACTORS);
  const floor = FACTORS + rows;
  const weights = several(vectors, floor + 2);
  const sums = pointers.map((_, row) => several(vectors, floor + 2 + vectors * (row + 1)));
  const tile = [
    ...each(sums, (row) => each(row, (into, vector) => [...get(BIAS), ...load(vector), ...set(into)])),
    ...each(pointers, (pointer) => [...copy(FROM, pointer), ...advance(FROM, get(A_STEP))]),
    ...sum({ pointers, factor: floor + 1, weights, sums }),
    ...each(sums, (row) => [
      ...each(row, (from, vector) => [...get(TO), ...get(from), ...get(floor), ...MAX, ...store(vector)]),
      ...advance(TO, get(C_STEP)),
    ]),
  ];
  const panel = [
    ...copy(A, FROM),
    ...copy(C, TO),
    ...copy(ROWS, ROWS_LEFT),
    ...loop(ROWS_LEFT, rows, tile),
    ...advance(B, get(PANEL_STEP)),
    ...each([BIAS, C], (pointer) => advance(pointer, constant(4 * columns))),
  ];
  const integers = floor - PARAMETERS;
  const declared = [2, ...unsigned(integers), I32, ...unsigned(2 + vectors * (rows + 1)), V128];
  return [...declared, ...get(LEAST), ...SPLAT, ...set(floor), ...loop(PANELS, 1, panel), END];
}

const denseCode = () =>
  functionCode(TILE_ROWS, PANEL, ({ pointers, factor, weights, sums }) => {
    const product = (at: number) => [
      ...each(weights, (into, vector) => [...get(WEIGHTS), ...load(vector), ...set(into)]),
      ...each(sums, (row, place) => [
        ...get(pointers[place] as number),
        ...loadSplat(at),
        ...set(factor),
        ...each(row, (into, vector) => addProduct(into, get(factor), get(weights[vector] as number))),
      ]),
      ...advance(WEIGHTS, get(B_STEP)),
    ];
    return [
      ...copy(B, WEIGHTS),
      ...copy(INNER, LEFT),
      ...loop(LEFT, UNROLLED, [
        ...each(Array.from({ length: UNROLLED }), (_, at) => product(at)),
        ...each(pointers, (pointer) => advance(pointer, constant(4 * UNROLLED))),
      ]),
    ];
  });

const sparseCode = () =>
  functionCode(1, SPARSE_PANEL, ({ pointers: [entry = 0], factor, sums: [row = []] }) => [
    ...get(entry),
    ...loadInteger(0),
    ...set(LEFT),
    ...loop(LEFT, 1, [
      ...get(entry),
      ...loadInteger(1),
      ...get(B),
      ADD,
      ...set(WEIGHTS),
      ...get(entry),
      ...loadSplat(2),
      ...set(factor),
      ...each(row, (into, vector) => addProduct(into, get(factor), [...get(WEIGHTS), ...load(vector)])),
      ...advance(entry, constant(8)),
    ]),
  ]);

/** The locals of a tile. */
interface Tile {
  /** Places of the numbers of each row of `a`. */
  pointers: number[];
  factor: number;
  weights: number[];
  sums: number[][];
}
