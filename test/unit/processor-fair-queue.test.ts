import { describe, expect, it } from 'vitest';

import { FairQueue } from '../../src/processor/pool/fair-queue.ts';

const drain = (queue: FairQueue<string, string>) => {
  const order: string[] = [];
  for (let item = queue.next(); item !== undefined; item = queue.next()) order.push(item);
  return order;
};

describe('FairQueue', () => {
  it('keeps the order of one caller', () => {
    const queue = new FairQueue<string, string>();
    for (const item of ['a1', 'a2', 'a3']) queue.push('a', item);
    expect(drain(queue)).toEqual(['a1', 'a2', 'a3']);
  });

  it('gives callers turns, however much one has waiting', () => {
    const queue = new FairQueue<string, string>();
    for (const item of ['a1', 'a2', 'a3']) queue.push('a', item);
    expect(queue.next()).toBe('a1');
    queue.push('b', 'b1');
    queue.push('c', 'c1');
    queue.push('c', 'c2');
    expect(drain(queue)).toEqual(['a2', 'b1', 'c1', 'a3', 'c2']);
  });

  it('drops what a caller has waiting, and nothing else', () => {
    const queue = new FairQueue<string, string>();
    for (const item of ['a1', 'a2']) queue.push('a', item);
    queue.push('b', 'b1');
    expect(queue.drop('a')).toEqual(['a1', 'a2']);
    expect(queue.drop('a')).toEqual([]);
    expect(drain(queue)).toEqual(['b1']);
  });
});
