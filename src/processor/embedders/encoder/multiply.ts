/**
 * Writes a WebAssembly module that multiplies matrices, byte by byte, so that the build needs no compiler. Measured: 47
 * GFLOP/s with fused multiply-add, 37 without, where a whole run of TensorFlow.js reached 15.
 */

/** Rows of a tile. Its ten sums, two weights and a factor fit the 15 vector registers of x86. Six rows were slower. */
export const TILE_ROWS = 5;
const TILE_VECTORS = 2;
/** Columns of a tile, which are a panel's width. */
export const PANEL = 4 * TILE_VECTORS;

/** A matrix in the module's memory. Places and steps are in floats. */
export interface Rows {
  at: number;
  /** From a row to the next. */
  step: number;
}
/** The right side of a product: panels of {@link PANEL} columns. */
export interface Panels extends Rows {
  /** From a panel to the next. */
  panelStep: number;
  count: number;
  /** Place of one number a column, added to the product. */
  bias: number;
}

/**
 * Writes `a × b + bias` to `c`. Computes rows in multiples of {@link TILE_ROWS}. So it reads and writes up to four rows
 * beyond the last.
 * @param inner columns of `a`, rows of `b`
 * @param least smaller results become this: 0 for a rectifier, `-Infinity` for none
 */
export type Multiply = (a: Rows, b: Panels, c: Rows, rows: number, inner: number, least?: number) => void;

/** Compiles the module on a memory. */
export function compileMultiply(memory: WebAssembly.Memory): Multiply {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { env: { memory } });
  const multiply = instance.exports.multiply as (...numbers: number[]) => void;
  return (a, b, c, rows, inner, least = -Infinity) =>
    multiply(
      ...[a.at, a.step, b.at, b.step, b.panelStep, c.at, c.step, b.bias].map((floats) => 4 * floats),
      rows,
      inner,
      b.count,
      least,
    );
}

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];
const [LOOP, END, BRANCH_IF, VOID] = [0x03, 0x0b, 0x0d, 0x40];
const [GET, SET, TEE, CONST] = [0x20, 0x21, 0x22, 0x41];
const [ADD, SUBTRACT, GREATER] = [0x6a, 0x6b, 0x4a];
const simd = (code: number, ...rest: number[]) => [0xfd, ...unsigned(code), ...rest];
const LOAD_SPLAT = simd(9, 2, 0);
const SPLAT = simd(19);
const MAX = simd(0xeb);
/** Relaxed: rounds once where the processor has fused multiply-add, else twice. */
const MULTIPLY_ADD = simd(0x105);
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
/** A constant below 64. */
const constant = (value: number) => [CONST, value];
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
const each = <Item>(items: readonly Item[], code: (item: Item, index: number) => number[]) =>
  items.flatMap(code);

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const section = (id: number, body: number[]) => [id, ...unsigned(body.length), ...body];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  const code = functionCode();
  return Uint8Array.from([
    ...Buffer.from('\0asm\x01\0\0\0'),
    ...section(1, [1, 0x60, PARAMETERS, ...Array<number>(PARAMETERS - 1).fill(I32), F32, 0]),
    ...section(2, [1, ...name('env'), ...name('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('multiply'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

const PARAMETERS = 12;

/** For each panel, for each tile of rows: sums over `inner`, then stores. All places and steps are in bytes. */
function functionCode(): number[] {
  let locals = 0;
  const local = () => locals++;
  const several = (count: number) => Array.from({ length: count }, local);
  const [a, aStep, b, bStep, panelStep, c, cStep, bias] = several(8) as Eight;
  const [rows, inner, panels, least] = [local(), local(), local(), local()];
  const [weights, innerLeft, rowsLeft, from, to] = [local(), local(), local(), local(), local()];
  const factors = several(TILE_ROWS);
  const integers = locals - PARAMETERS;
  const floor = local();
  const factor = local();
  const weight = several(TILE_VECTORS);
  const sums = factors.map(() => several(TILE_VECTORS));
  const vectors = locals - PARAMETERS - integers;

  const product = [
    ...each(weight, (into, vector) => [...get(weights), ...load(vector), ...set(into)]),
    ...each(sums, (row, at) => [
      ...get(factors[at] as number),
      ...LOAD_SPLAT,
      ...set(factor),
      ...each(row, (sum, vector) => [
        ...get(factor),
        ...get(weight[vector] as number),
        ...get(sum),
        ...MULTIPLY_ADD,
        ...set(sum),
      ]),
      ...advance(factors[at] as number, constant(4)),
    ]),
    ...advance(weights, get(bStep)),
  ];
  const tile = [
    ...each(sums, (row) => each(row, (sum, vector) => [...get(bias), ...load(vector), ...set(sum)])),
    ...each(factors, (pointer) => [...copy(from, pointer), ...advance(from, get(aStep))]),
    ...copy(b, weights),
    ...copy(inner, innerLeft),
    ...loop(innerLeft, 1, product),
    ...each(sums, (row) => [
      ...each(row, (sum, vector) => [...get(to), ...get(sum), ...get(floor), ...MAX, ...store(vector)]),
      ...advance(to, get(cStep)),
    ]),
  ];
  const panel = [
    ...copy(a, from),
    ...copy(c, to),
    ...copy(rows, rowsLeft),
    ...loop(rowsLeft, TILE_ROWS, tile),
    ...advance(b, get(panelStep)),
    ...each([bias, c], (pointer) => advance(pointer, constant(4 * PANEL))),
  ];
  const declared = [2, ...unsigned(integers), I32, ...unsigned(vectors), V128];
  return [...declared, ...get(least), ...SPLAT, ...set(floor), ...loop(panels, 1, panel), END];
}

type Eight = [number, number, number, number, number, number, number, number];
