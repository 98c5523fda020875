import { getEventListeners } from 'node:events';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';

import { BundledEmbedder } from '../../../src/processor/embedders/bundled.ts';
import { findFence } from '../../../src/processor/pool/child-fence.ts';
import { Pool } from '../../../src/processor/pool/pool.ts';
import { TaskRun, type PendingResponse } from '../../../src/processor/pool/task-run.ts';
import { documentPath } from '../../documents/documents.ts';
import { processorChildren } from '../../helpers/processors/processor-children.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const fence = await findFence(tmpdir());

/** A parse task that takes seconds, and reports its progress. */
const bookTask = async () =>
  ({
    kind: 'parse',
    path: await documentPath('report-600p.pdf'),
    bytes: 3_000_000,
    filename: 'book.pdf',
    mediaType: '',
    maxTextChars: 20_000_000,
    maxSilenceMs: 60_000,
    format: 'ndjson',
  }) as const;

test('the last child is kept from embedding, so what is short begins at once', async () => {
  const pool = new Pool({ children: 2, timeoutMs: 60_000, withModel: true, fence, logger: quietLogger() });
  try {
    const caller = (document: string) => ({ document, signal: new AbortController().signal });
    const texts = ['A sentence that takes its time, as all of them do. '.repeat(100)];
    const [one, another] = ['one', 'another'].map((name) => pool.run({ kind: 'embed', texts }, caller(name)));
    const begun: string[] = [];
    void another?.turn.then(() => begun.push('another'));
    await one?.turn;
    const memo = { kind: 'chunk', source: { path: '/nowhere' }, bytes: 1, maxTextChars: 1 } as const;
    await expect(pool.run(memo, caller('memo')).response).rejects.toThrow();
    expect(begun).toEqual([]);
    await one?.response;
    await another?.turn;
  } finally {
    await pool.close();
  }
});

test('what waits for a long task to end begins as soon as that is abandoned, not when its child is replaced', async () => {
  const pool = new Pool({ children: 2, timeoutMs: 60_000, withModel: false, fence, logger: quietLogger() });
  try {
    const caller = (document: string, signal: AbortSignal) => ({ document, signal });
    const book = await bookTask();
    const memo = { kind: 'chunk', source: { path: '/nowhere' }, bytes: 1, maxTextChars: 1 } as const;
    const leaving = new AbortController();
    const staying = new AbortController().signal;
    await pool.run(book, caller('one', leaving.signal)).turn;
    // The other child is there, and has nothing to do.
    await expect(pool.run(memo, caller('memo', staying)).response).rejects.toThrow();
    let begun = false;
    const another = pool.run(book, caller('another', staying));
    void another.turn.then(() => (begun = true));
    leaving.abort();
    await nextTurn();
    expect(begun).toBe(true);
  } finally {
    await pool.close();
  }
});

test('when the first texts of a call fail, none of the others is begun', async () => {
  const logger = quietLogger();
  // Less than the model takes to be loaded.
  const pool = new Pool({ children: 1, timeoutMs: 100, withModel: true, fence, logger });
  const runs = vi.spyOn(pool, 'run');
  try {
    const texts = Array.from({ length: 32 }, () => 'A sentence that takes its time. '.repeat(300));
    const caller = { document: 'book', signal: new AbortController().signal };
    await expect(new BundledEmbedder(pool).embed({ texts }, caller).response).rejects.toMatchObject({
      code: 'deadline',
    });
    const batches = runs.mock.results.map(({ value }) => value as PendingResponse);
    const ends = await Promise.allSettled(batches.map(({ response }) => response));
    expect(ends.map(({ status }) => status)).toEqual(ends.map(() => 'rejected'));
    expect(logger.lines.filter((line) => line.startsWith('a child is replaced'))).toHaveLength(1);
  } finally {
    await pool.close();
  }
});

test('a parse that makes progress may take twenty times its limit of silence, and no longer', async () => {
  const timeoutMs = 60_000;
  const pool = new Pool({ children: 1, timeoutMs, withModel: false, fence, logger: quietLogger() });
  await expect.poll(() => pool.healthy).toBe(true);
  const book = await bookTask();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const began = performance.now();
    const run = pool.run(book, { document: 'book', signal: new AbortController().signal });
    // Half the limit passes for the parent with each sign of life.
    const signs = vi.spyOn(run, 'bytes').mockImplementation((sign) => {
      TaskRun.prototype.bytes.call(run, sign);
      vi.advanceTimersByTime(timeoutMs / 2);
    });
    await expect(text(await run.response)).rejects.toMatchObject({ code: 'takes_too_long' });
    expect(signs.mock.calls).toHaveLength(40);
    expect(performance.now() - began).toBe(20 * timeoutMs);
  } finally {
    vi.useRealTimers();
    await pool.close();
  }
});

test('a caller is listened to once, however many tasks it has', async () => {
  const pool = new Pool({ children: 1, timeoutMs: 60_000, withModel: false, fence, logger: quietLogger() });
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) pool.run({ kind: 'embed', texts: ['a'] }, { document: 'book', signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await pool.close();
});

test('a child that hangs before it is ready is replaced', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const logger = quietLogger();
  const pool = new Pool({ children: 1, timeoutMs: 60_000, withModel: false, fence, logger });
  try {
    let hanging: number | undefined;
    // It is about to begin: nothing may come in between.
    while (hanging === undefined) [hanging] = processorChildren();
    process.kill(hanging, 'SIGSTOP');
    await vi.advanceTimersByTimeAsync(59_000);
    expect(logger.lines).toEqual([]);
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    expect(logger.lines).toEqual([expect.stringMatching(/^a child is replaced.*not get ready/)]);
    const memo = { kind: 'chunk', source: { path: '/nowhere' }, bytes: 1, maxTextChars: 1 } as const;
    const caller = { document: 'memo', signal: new AbortController().signal };
    await expect(pool.run(memo, caller).response).rejects.toThrow();
    expect(processorChildren()).not.toContain(hanging);
    expect(pool.healthy).toBe(true);
  } finally {
    vi.useRealTimers();
    await pool.close();
  }
});
