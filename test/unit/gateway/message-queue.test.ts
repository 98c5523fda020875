import { expect, test } from 'vitest';

import type { BatchView } from '../../../src/contract/batches/batch.ts';
import { MessageQueue } from '../../../src/gateway/outbox/message-queue.ts';

const news = (batchFor: number, total: number) => ({ batchFor, batch: { batch: 'b', total } as BatchView });
const payloadOf = (frame: Buffer) => JSON.parse(frame.toString().replace(/^[^{]*/, '')) as object;

test('only the latest counters of a batch wait, with the offset of their departure', () => {
  const queue = new MessageQueue();
  queue.add(news(6, 1));
  queue.add(news(7, 1));
  queue.add(news(6, 2));
  expect(queue.size).toBe(2);
  expect(payloadOf(queue.take().frame(9))).toEqual({
    type: 'batch',
    id: 6,
    offset: 9,
    batch: { batch: 'b', total: 2 },
  });
  queue.deleteAll(7);
  expect(queue.size).toBe(0);
});
