import { expect, test } from 'vitest';

import { Epochs } from '../../../client/sdk/watch/epochs.ts';

test('versions compare within an epoch', () => {
  const epochs = new Epochs();
  epochs.enter('first');
  const seen = { generation: epochs.generation, version: 5 };
  expect([4, 5, 6].map((version) => epochs.isNewer(version, seen))).toEqual([false, false, true]);
  epochs.enter('second');
  expect(epochs.isNewer(1, seen)).toBe(true);
});

test('an epoch that has ended never returns', () => {
  const epochs = new Epochs();
  expect(epochs.enter('first')).toBe(true);
  expect(epochs.enter('second')).toBe(true);
  expect(epochs.enter('first')).toBe(false);
  expect(epochs.current).toBe('second');
});

test('a response without an epoch belongs to the present one', () => {
  const epochs = new Epochs();
  epochs.enter('first');
  const { generation } = epochs;
  expect(epochs.enter('')).toBe(true);
  expect([epochs.current, epochs.generation]).toEqual(['first', generation]);
});
