import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { ParseResponseSchema } from '../../../src/contract/services/processor.ts';
import { laughingPdf } from '../../helpers/documents/bombs.ts';
import { documentBytes } from '../../documents/documents.ts';
import { pdfText } from '../../helpers/documents/pdf-objects.ts';
import {
  BOOK,
  LONG_PDF,
  NDJSON,
  Processor,
  SHORTER_PDF,
  abortable,
  events,
  eventually,
  folder,
  parsed,
  problem,
  useProcessor,
} from '../../helpers/processors/small-processor.ts';

let processor: Processor;
useProcessor(() => processor);

/** Counts the responses of /health while `work` runs. */
async function healthDuring(processor: Processor, work: Promise<unknown>): Promise<number> {
  let responded = 0;
  const over = new AbortController();
  const end = work.finally(() => over.abort());
  while (!over.signal.aborted) {
    expect(await processor.health()).toBe(200);
    responded++;
    await sleep(10);
  }
  await end;
  return responded;
}

describe('whatever happens to its children', () => {
  it('kills one past its deadline and goes on', async () => {
    processor = await Processor.start({ timeoutMs: 150, children: 1 });
    const before = Processor.pids();
    // Its text is read in one go, long after the deadline.
    const text = 'A sentence of some length, again. '.repeat(500_000);
    const request = { text, strategy: 'sentence', chunk_size: 64, chunk_overlap: 0 };
    expect(await problem(await processor.post('/chunk', request))).toEqual({ status: 504, code: 'deadline' });
    // On a busy machine even a memo may be late at first.
    await eventually(async () => (await processor.parse('A memo.', 'memo.txt')).status).toBe(200);
    expect(Processor.pids()).toHaveLength(1);
    expect(Processor.pids()).not.toEqual(before);
    expect(processor.lines.join()).toContain('deadline');
  });

  // The tests of the pool cover a parse that makes progress.
  it('ends a parse that is silent past its limit', async () => {
    processor = await Processor.start({ timeoutMs: 10, children: 1 });
    const silent = await processor.parseFile(LONG_PDF, { headers: NDJSON });
    expect(await problem(silent)).toEqual({ status: 504, code: 'deadline' });
  });

  it('fails only the task of one that is lost, in words', async () => {
    processor = await Processor.start({ children: 2 });
    const parse = () => processor.parseFile(SHORTER_PDF, { headers: NDJSON });
    // Both are under way: their first lines are here.
    const responses = await Promise.all([parse(), parse()]);
    process.kill(Processor.pids()[0]!, 'SIGKILL');
    const ends = (await Promise.all(responses.map(events))).map((lines) => lines.at(-1)!);
    expect(ends.map(({ type }) => type).toSorted()).toEqual(['end', 'error']);
    expect(ends.find(({ type }) => type === 'error')).toMatchObject({ code: 'parser_crashed' });
    await eventually(() => Processor.pids().length).toBe(2);
    await parsed(await processor.parse('A memo.', 'memo.txt'));
  });

  it('cuts off an answer it cannot finish', async () => {
    processor = await Processor.start({ embeddings: undefined, children: 1 });
    const texts = Array.from({ length: 64 }, (_, index) => `${index} `.repeat(100));
    const response = await processor.post('/embed', { texts });
    expect(response.status).toBe(200);
    process.kill(Processor.pids()[0]!, 'SIGKILL');
    await expect(response.text().then(({ length }) => length)).rejects.toThrow();
    await eventually(() => processor.lines.join()).toContain('a call failed');
    expect((await processor.embed(['next'])).dimensions).toBe(512);
  });

  it('gives a lost parse its own status where nothing has been sent', async () => {
    processor = await Processor.start({ children: 1 });
    await parsed(await processor.parse('A memo.', 'memo.txt'));
    const over = new AbortController();
    const parsing = processor.parseFile(LONG_PDF).finally(() => over.abort());
    // The first may come before the child has its task. Those that start are given time, or none would ever take it.
    for (let waitMs = 500; !over.signal.aborted; waitMs *= 2) {
      await sleep(waitMs);
      for (const pid of Processor.pids()) process.kill(pid, 'SIGKILL');
    }
    expect(await problem(await parsing)).toEqual({ status: 500, code: 'parser_crashed' });
  });

  it('frees them from callers that went away, working or waiting', async () => {
    processor = await Processor.start({ children: 1 });
    const [before] = Processor.pids();
    const { signal, abort } = abortable();
    const working = await processor.parseFile(LONG_PDF, { headers: NDJSON, signal });
    const waiting = [1, 2].map(() => processor.parseFile(LONG_PDF, { signal }));
    await eventually(() => filesIn(folder)).toHaveLength(3);
    abort();
    const calls = await Promise.allSettled([working.text(), ...waiting]);
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await eventually(() => filesIn(folder)).toEqual([]);
    await parsed(await processor.parse('A memo.', 'memo.txt'));
    expect(Processor.pids()).not.toContain(before);
  });

  it('shows a caller that waits for its turn that it is there', async () => {
    processor = await Processor.start({ embeddings: undefined, children: 1, timeoutMs: 9000 });
    await processor.embed(['warm']);
    const long = await processor.parseFile(SHORTER_PDF, { headers: NDJSON });
    // Stopped for a third of its limit, or a little more: until both have a sign of life.
    const [child] = Processor.pids();
    process.kill(child!, 'SIGSTOP');
    const [memo, embedding] = await Promise.all([
      processor.parse('A memo.', 'memo.txt', { headers: NDJSON }),
      processor.post('/embed', { texts: ['A memo.'] }),
    ]);
    process.kill(child!, 'SIGCONT');
    expect(await memo.text()).toMatch(/^ +\{"type":"segment","text":"A memo."\}\n/);
    expect(await embedding.text()).toMatch(/^ +\{"embeddings":\[\[/);
    expect((await events(long)).at(-1)).toMatchObject({ type: 'end' });
  });

  it('shows a caller who wants no lines that it works, and cuts off what it cannot finish', async () => {
    processor = await Processor.start({ children: 1, timeoutMs: 4000 });
    const [child] = Processor.pids();
    const parsing = processor.parseFile(SHORTER_PDF);
    await eventually(() => filesIn(folder)).toHaveLength(1);
    // Stopped for a third of its limit: until there is a sign of life.
    process.kill(child!, 'SIGSTOP');
    const response = await parsing;
    process.kill(child!, 'SIGCONT');
    const long = await response.text();
    expect(long.slice(0, 40)).toMatch(/^ +\{"text":/);
    expect(v.parse(ParseResponseSchema, JSON.parse(long)).metadata).toMatchObject({ pages: 150 });

    const endless = await processor.parse(laughingPdf(pdfText('lol')), 'a.pdf');
    expect(endless.status).toBe(200);
    await expect(endless.text()).rejects.toThrow();
  });

  it('leaves no file of an upload that was cut off', async () => {
    processor = await Processor.start();
    const headers = { 'content-type': 'multipart/form-data; boundary=b', 'content-length': 1_000_000 };
    const upload = httpRequest(`${processor.url}/parse`, { method: 'POST', headers });
    upload.on('error', () => {});
    upload.write('--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntext');
    await eventually(() => filesIn(folder)).toHaveLength(1);
    upload.destroy();
    await eventually(() => filesIn(folder)).toEqual([]);
  });

  it('leaves no file of a caller that leaves at any moment', async () => {
    processor = await Processor.start({ children: 1 });
    const bytes = await documentBytes(LONG_PDF);
    const calls = Array.from({ length: 20 }, async (_, moment) => {
      const { signal, abort } = abortable();
      const call = processor.parse(bytes, LONG_PDF, { signal }).catch(() => {});
      await sleep(moment * 15);
      abort();
      await call;
    });
    await Promise.all(calls);
    await eventually(() => filesIn(folder)).toEqual([]);
  });

  it('stops at once in the middle of work', async () => {
    processor = await Processor.start({ children: 2 });
    const calls = [1, 2, 3].map(() => processor.parseFile(LONG_PDF).then(parsed));
    const ended = Promise.allSettled(calls);
    await eventually(() => filesIn(folder)).toHaveLength(3);
    await processor.close();
    // Were the work waited for, it would be answered.
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('clears up after a process that is gone, and after no other', async () => {
    const gone = execFileSync(process.execPath, ['-p', 'process.pid']).toString().trim();
    const alive = join(folder, `${process.ppid}-x`);
    await mkdir(join(folder, `${gone}-x`));
    await writeFile(join(folder, `${gone}-x`, 'left.pdf'), 'left');
    await mkdir(alive);
    processor = await Processor.start();
    expect(existsSync(join(folder, `${gone}-x`))).toBe(false);
    expect(existsSync(alive)).toBe(true);
    await rm(alive, { recursive: true });
  });

  it('answers /health during heavy work', async () => {
    processor = await Processor.start({ children: 2 });
    const text = (await documentBytes(BOOK)).toString();
    const responded = await healthDuring(
      processor,
      Promise.all([processor.parseFile(BOOK).then(parsed), processor.chunk({ text })]),
    );
    // Were a child's work done in its process, it would be answered between two tasks.
    expect(responded).toBeGreaterThan(20);
  });
});

/** The temporary files of all processors under the folder. */
async function filesIn(parent: string): Promise<string[]> {
  return (await readdir(parent, { recursive: true })).filter((name) => name.endsWith('.pdf'));
}
