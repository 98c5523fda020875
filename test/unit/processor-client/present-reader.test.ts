import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { ProcessorHealth } from '../../../src/contract/services/processor.ts';
import { PresentReader } from '../../../src/processor-client/present-reader.ts';

const LOOK_MS = 5000;
const UNKNOWN = { model: '', dimensions: 0, reader_version: '' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Makes a reader of a processor whose health a test sets. */
function start(first: Partial<ProcessorHealth>) {
  const processor = { health: async () => first as ProcessorHealth };
  const look = vi.fn(() => processor.health());
  return { processor, look, reader: new PresentReader(look) };
}

test('the reader is unknown before the first look, and then the one that the processor names', async () => {
  const { reader } = start({ model: 'm1', dimensions: 3, reader_version: 'r1' });
  expect([reader.seen, reader.present]).toEqual([false, UNKNOWN]);
  await vi.advanceTimersByTimeAsync(0);
  const present = { model: 'm1', dimensions: 3, reader_version: 'r1' };
  expect([reader.seen, reader.present]).toEqual([true, present]);
  reader.close();
});

test('a processor that names nothing is an unknown reader', async () => {
  const { reader } = start({});
  await vi.advanceTimersByTimeAsync(0);
  expect(reader.present).toEqual(UNKNOWN);
  reader.close();
});

test('the next look finds another model', async () => {
  const { reader, processor } = start({ model: 'm1', reader_version: 'r1' });
  await vi.advanceTimersByTimeAsync(0);
  processor.health = async () => ({ model: 'm2' }) as ProcessorHealth;
  await vi.advanceTimersByTimeAsync(LOOK_MS);
  expect(reader.present).toEqual({ ...UNKNOWN, model: 'm2' });
  reader.close();
});

test('the last reader stays while the processor is away', async () => {
  const { reader, processor, look } = start({ model: 'm1', reader_version: 'r1' });
  await vi.advanceTimersByTimeAsync(0);
  processor.health = () => Promise.reject(new Error('away'));
  await vi.advanceTimersByTimeAsync(LOOK_MS);
  expect(look).toHaveBeenCalledTimes(2);
  expect(reader.present).toEqual({ model: 'm1', dimensions: 0, reader_version: 'r1' });
  reader.close();
});

test('a closed reader looks no more', async () => {
  const { reader, look } = start({ model: 'm1' });
  reader.close();
  await vi.advanceTimersByTimeAsync(3 * LOOK_MS);
  expect(look).toHaveBeenCalledTimes(1);
});
