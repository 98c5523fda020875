import { expect, test } from 'vitest';

import { Matrices } from '../../../../src/processor/embedders/encoder/matrices.ts';
import { SPARSE_PANEL } from '../../../../src/processor/embedders/encoder/multiply.ts';

const INNER = 12;
const COLUMNS = 2 * SPARSE_PANEL;

/** Small integers, whose products floats hold exactly. */
const integers = (count: number) => Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 11) - 5);
const weights = { values: integers(INNER * COLUMNS), columns: COLUMNS };
const bias = { values: integers(COLUMNS), columns: COLUMNS };

function product(left: Float32Array, rows: number): number[] {
  return Array.from({ length: rows * COLUMNS }, (_, place) => {
    const [row, column] = [Math.floor(place / COLUMNS), place % COLUMNS];
    let sum = bias.values[column]!;
    for (let i = 0; i < INNER; i++) sum += left[row * INNER + i]! * weights.values[i * COLUMNS + column]!;
    return sum;
  });
}

test.each([1, 5, 6, 7, 13])('both products of %i rows equal products by hand', (rows) => {
  const matrices = new Matrices();
  const left = integers(rows * INNER).map((value) => Math.max(0, value));
  left.fill(0, 0, INNER);
  const a = matrices.rows(rows, INNER);
  const lists = matrices.rows(rows, 1 + 2 * INNER);
  const [dense, sparse, rectified] = [1, 2, 3].map(() => matrices.rows(rows, COLUMNS));
  const panels = matrices.panels(weights, bias);
  const sparsePanels = matrices.panels(weights, bias, SPARSE_PANEL);
  // The lists still have the entries of another product when the row of zeros comes.
  matrices.floats.fill(1, a.at, a.at + rows * INNER);
  matrices.multiplySparse(a, sparsePanels, sparse!, rows, INNER, lists);
  matrices.floats.set(left, a.at);
  matrices.multiply(a, panels, dense!, rows, INNER);
  matrices.multiply(a, panels, rectified!, rows, INNER, 0);
  matrices.multiplySparse(a, sparsePanels, sparse!, rows, INNER, lists);
  const result = ({ at }: { at: number }) => Array.from(matrices.floats.subarray(at, at + rows * COLUMNS));
  const wanted = product(left, rows);
  expect(result(dense!)).toEqual(wanted);
  expect(result(sparse!)).toEqual(wanted);
  expect(result(rectified!)).toEqual(wanted.map((value) => Math.max(0, value)));
});
