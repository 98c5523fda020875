import { expect, test } from 'vitest';

import type { ChunkWrite } from '../../../src/documents/chunk-record.ts';
import { DependencyError } from '../../../src/errors.ts';
import { UpsertBatcher } from '../../../src/worker/run/upsert-batcher.ts';

interface Call {
  documents: string[];
  signal: AbortSignal;
  end: (error?: unknown) => void;
}

/** A batcher on a store whose calls a test ends. */
function batcher() {
  const calls: Call[] = [];
  const watchers: (() => void)[] = [];
  const upserts = new UpsertBatcher({
    upsertAll: (_collection: string, writes: readonly ChunkWrite[], signal: AbortSignal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const end = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      calls.push({ documents: writes.map(({ origin }) => origin.documentId), signal, end });
      for (const begun of watchers.splice(0)) begun();
      return promise;
    },
  });
  const write = (
    documentId: string,
    { collection = 'c', chunks = 1, held = async () => {}, stop = new AbortController() } = {},
  ) => {
    const origin = {
      collection,
      documentId,
      generation: 'g',
      filename: 'f',
      contentHash: undefined,
      metadata: {},
    };
    const chunk = { text: 't', start: 0, end: 1, index: 0, embedding: [1] };
    const batch = Array.from({ length: chunks }, (_, index) => ({ ...chunk, index }));
    const stored = upserts.upsert(origin, batch, held, stop.signal);
    stored.catch(() => {});
    return stored;
  };
  /** @returns the call of this number, counted from 0, once it has begun */
  const call = async (number: number): Promise<Call> => {
    while (calls.length <= number) await new Promise<void>((resolve) => watchers.push(resolve));
    return calls[number] as Call;
  };
  return { calls, write, call };
}

const permanent = new DependencyError('permanent', 'embedding_mismatch', 'other model');
const timeout = new DependencyError('transient', 'vector_store_timeout', 'slow');
const failed = new DependencyError('transient', 'vector_store_failed', 'broken');
const away = new DependencyError('unreachable', 'vector_store_unavailable', 'away');

test('writes that come during a call share the next, and each collection has a call of its own', async () => {
  const { write, call } = batcher();
  const writes = [write('a'), write('b'), write('x', { collection: 'other' }), write('c')];
  const [first, other] = [await call(0), await call(1)];
  expect([first.documents, other.documents]).toEqual([['a'], ['x']]);
  first.end();
  other.end();
  const second = await call(2);
  expect(second.documents).toEqual(['b', 'c']);
  second.end();
  await Promise.all(writes);
});

test('a call takes no more chunks than the largest batch of one job', async () => {
  const { write, call } = batcher();
  const writes = [write('a'), write('b', { chunks: 200 }), write('c', { chunks: 51 }), write('d')];
  for (const [number, documents] of [['a'], ['b'], ['c', 'd']].entries()) {
    const next = await call(number);
    expect(next.documents).toEqual(documents);
    next.end();
  }
  await Promise.all(writes);
});

test('a call that never arrived rejects every job in it', async () => {
  const { write, call, calls } = batcher();
  const writes = [write('a'), write('b'), write('c')];
  (await call(0)).end();
  (await call(1)).end(away);
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  await expect(writes[2]).rejects.toBe(away);
  expect(calls).toHaveLength(2);
});

test.each([
  ['chunks that Chroma refuses', permanent],
  ['chunks on which Chroma fails', failed],
  ['chunks that take Chroma too long', timeout],
])('%s fail their own job alone, and the repeated calls run at once', async (_, error) => {
  const { write, call } = batcher();
  const writes = ['a', 'good', 'bad', 'also good'].map((document) => write(document));
  (await call(0)).end();
  (await call(1)).end(error);
  const repeated = await Promise.all([call(2), call(3), call(4)]);
  expect(repeated.map(({ documents }) => documents)).toEqual([['good'], ['bad'], ['also good']]);
  for (const { documents, end } of repeated) end(documents[0] === 'bad' ? error : undefined);
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  await expect(writes[2]).rejects.toBe(error);
});

test('an aborted job leaves at once, and cuts the call only if no other job needs it', async () => {
  const { write, call } = batcher();
  const [one, both] = [new AbortController(), new AbortController()];
  const writes = [
    write('a'),
    write('b', { stop: one }),
    write('c', { stop: both }),
    write('d', { stop: both }),
  ];
  (await call(0)).end();
  const shared = await call(1);
  one.abort(new Error('cancelled'));
  await expect(writes[1]).rejects.toThrow('cancelled');
  expect(shared.signal.aborted).toBe(false);
  both.abort(new Error('drained'));
  expect(shared.signal.reason).toBeInstanceOf(Error);
  await expect(writes[3]).rejects.toThrow('drained');
  shared.end(new Error('cut'));
});

test('a job aborted while it waits is in no call', async () => {
  const { write, call } = batcher();
  const stop = new AbortController();
  const writes = [write('a'), write('b', { stop }), write('c')];
  const first = await call(0);
  stop.abort(new Error('cancelled'));
  await expect(writes[1]).rejects.toThrow('cancelled');
  first.end();
  const second = await call(1);
  expect(second.documents).toEqual(['c']);
  second.end();
  await writes[2];
});

test('a claim is checked right before its call, and a lost one is in no call', async () => {
  const { write, call } = batcher();
  let isHeld = true;
  const held = async () => {
    if (!isHeld) throw new Error('lost');
  };
  const writes = [write('a'), write('b', { held }), write('c')];
  const first = await call(0);
  isHeld = false;
  first.end();
  const second = await call(1);
  expect(second.documents).toEqual(['c']);
  second.end();
  await expect(writes[1]).rejects.toThrow('lost');
});
