import { describe, expect, it } from 'vitest';

import { FairQueue } from '../../../src/processor/pool/fair-queue.ts';

const filled = (...items: [caller: string, item: string, cost: number][]) => {
  const queue = new FairQueue<string, string>();
  for (const item of items) queue.push(...item);
  return queue;
};

const drain = (queue: FairQueue<string, string>) => {
  const order: string[] = [];
  for (let item = queue.next(); item !== undefined; item = queue.next()) order.push(item);
  return order;
};

describe('FairQueue', () => {
  it('keeps the order of one caller', () => {
    expect(drain(filled(['a', 'a1', 9], ['a', 'a2', 1], ['a', 'a3', 5]))).toEqual(['a1', 'a2', 'a3']);
  });

  it('gives callers equal shares, also if one has many items waiting', () => {
    const queue = filled(['a', 'a1', 4], ['a', 'a2', 4], ['a', 'a3', 4]);
    expect(queue.next()).toBe('a1');
    queue.push('b', 'b1', 4);
    queue.push('c', 'c1', 2);
    queue.push('c', 'c2', 2);
    expect(drain(queue)).toEqual(['c1', 'a2', 'b1', 'c2', 'a3']);
  });

  it('runs a cheap item first, also if many callers have much waiting', () => {
    const queue = filled();
    for (const caller of ['a', 'b', 'c', 'd']) queue.push(caller, `${caller}'s book`, 45);
    expect(queue.next()).toBe("a's book");
    queue.push('e', 'memo', 1);
    expect(queue.next()).toBe('memo');
  });

  it('lets others overtake a costly item until its share has come', () => {
    const queue = filled(['a', 'book', 5]);
    const order: (string | undefined)[] = [];
    for (let i = 0; i < 20; i++) {
      queue.push(`caller ${i}`, 'memo', 1);
      order.push(queue.next());
    }
    // Two at a time wait, so it has half of the work done meanwhile.
    expect(order.indexOf('book')).toBe(8);
  });

  it('skips an item that may not run now', () => {
    const queue = filled(['a', 'long', 1], ['b', 'short', 2]);
    expect(queue.next((item) => item !== 'long')).toBe('short');
    expect(queue.next((item) => item !== 'long')).toBeUndefined();
    expect(queue.next()).toBe('long');
  });

  it('does not charge for dropped items', () => {
    const queue = filled(['a', 'a1', 1], ['a', 'book', 100], ['a', 'a2', 1]);
    queue.drop((item) => item === 'book');
    queue.push('a', 'a3', 1);
    for (let i = 1; i <= 9; i++) queue.push('b', `b${i}`, 1);
    expect(drain(queue).slice(0, 6)).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  });

  it('drops the matching items alone', () => {
    const queue = filled(['a', 'a1', 1], ['a', 'a2', 1], ['b', 'b1', 1]);
    expect(queue.drop((item) => item.startsWith('a'))).toEqual(['a1', 'a2']);
    expect(drain(queue)).toEqual(['b1']);
  });
});
