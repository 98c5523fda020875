import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';

import {
  ChunkResponseSchema,
  EmbedResponseSchema,
  ParseEventSchema,
  ParseResponseSchema,
  type ChunkRequest,
  type ParseEvent,
} from '../../../src/contract/processor.ts';
import { CHUNKING_STRATEGIES } from '../../../src/contract/upload.ts';
import type { ProcessorOptions } from '../../../src/processor/server.ts';
import { laughingPdf } from '../../helpers/documents/bombs.ts';
import { documentBytes } from '../../documents/documents.ts';
import { startEmbeddingsServer, type EmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { pdfText } from '../../helpers/documents/pdf-objects.ts';
import { startTestProcessor, type TestProcessor } from '../../helpers/servers/processor.ts';

const NDJSON = { accept: 'application/x-ndjson' };
const LONG_PDF = 'report-600p.pdf';
const BOOK = 'book.txt';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A busy machine may take its time. */
const eventually = <T>(look: () => T) => expect.poll(look);

/** A processor with all a test needs to look at. */
class Processor {
  readonly url: string;
  readonly close: () => Promise<void>;
  readonly lines: readonly string[];

  private constructor({ url, close, lines }: TestProcessor) {
    this.url = url;
    this.close = close;
    this.lines = lines;
  }

  /** Children of all processors in this file; tests run one after the other. */
  static pids(): number[] {
    const list = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString();
    return list
      .split('\n')
      .filter(
        (line) => line.includes('processor/child.ts') && line.trim().split(/\s+/)[1] === String(process.pid),
      )
      .map((line) => Number.parseInt(line, 10));
  }

  static async start(options: Partial<ProcessorOptions> = {}): Promise<Processor> {
    const processor = new Processor(await startTestProcessor({ tmpDir: folder, children: 1, ...options }));
    await eventually(() => processor.health()).toBe(200);
    return processor;
  }

  async health(): Promise<number> {
    const response = await fetch(`${this.url}/health`);
    await response.arrayBuffer();
    return response.status;
  }

  parse(
    content: string | Uint8Array<ArrayBuffer>,
    filename: string,
    init: RequestInit = {},
  ): Promise<Response> {
    const body = new FormData();
    body.set('file', new File([content], filename));
    return fetch(`${this.url}/parse`, { method: 'POST', body, ...init });
  }

  async parseFile(name: string, init: RequestInit = {}): Promise<Response> {
    return this.parse(await documentBytes(name), name, init);
  }

  post(path: string, value: unknown, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { method: 'POST', body: JSON.stringify(value), ...init });
  }

  async chunk(request: Partial<ChunkRequest> & { text: string }) {
    const value = { strategy: 'sentence', chunk_size: 512, chunk_overlap: 50, ...request };
    const response = await this.post('/chunk', value);
    expect(response.status).toBe(200);
    return v.parse(ChunkResponseSchema, await response.json()).chunks;
  }

  async embed(texts: string[]) {
    const response = await this.post('/embed', { texts });
    expect(response.status).toBe(200);
    return v.parse(EmbedResponseSchema, await response.json());
  }
}

let processor: Processor;
afterEach(async () => {
  await processor.close();
  expect(await readdir(folder)).toEqual([]);
  expect(Processor.pids()).toEqual([]);
});

async function parsed(response: Response) {
  expect(response.status).toBe(200);
  return v.parse(ParseResponseSchema, await response.json());
}

async function events(response: Response): Promise<ParseEvent[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (await response.text()).trimEnd().split('\n');
  return lines.map((line) => v.parse(ParseEventSchema, JSON.parse(line)));
}

async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  expect(detail).toMatch(/^[A-Z].*\.$/);
  return { status: response.status, code };
}

/** Counts the responses of /health while `work` runs. */
async function healthDuring(work: Promise<unknown>): Promise<number> {
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

/** How long this machine takes for the long document now. */
async function msToReadLong(): Promise<number> {
  const alone = await Processor.start({ children: 1 });
  const started = performance.now();
  await parsed(await alone.parseFile(LONG_PDF));
  const took = Math.round(performance.now() - started);
  await alone.close();
  return took;
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);
const words = (text: string) => text.replace(/\s+/g, ' ');

describe('POST /parse', () => {
  it('reads every document, or says why not', async () => {
    processor = await Processor.start();
    const outcome = async (name: string) => {
      const response = await processor.parseFile(name);
      if (response.status !== 200) return (await problem(response)).code;
      const { text, metadata, segments } = await parsed(response);
      expect(segments[0]?.start).toBe(0);
      expect(segments.at(-1)?.end).toBe(text.length);
      for (const [index, { start, end }] of segments.entries()) {
        expect(end).toBeGreaterThan(start);
        expect(start).toBe(segments[index - 1]?.end ?? 0);
      }
      expect(text.isWellFormed() && !/[\0\r]/.test(text)).toBe(true);
      const type = String(metadata['media_type']).replace(
        /^application\/vnd\.(?:openxmlformats-|oasis\.)/,
        '',
      );
      return `${type} ${metadata['pages'] ?? metadata['encoding'] ?? ''}`.trim();
    };
    const names = [
      'paper-2p.pdf',
      'gazetteer-13p.pdf',
      LONG_PDF,
      'korean.pdf',
      'arabic.pdf',
      'copy-protected.pdf',
      'guide-76p-damaged.pdf',
      'password.pdf',
      'cut-off.pdf',
      'scan.pdf',
      'readme.md',
      'umlauts-latin-1.md',
      BOOK,
      'empty.txt',
      'table.docx',
      'handbook.docx',
      'annual-report.html',
      'slides.pptx',
      'slides-malformed.pptx',
      'regatta.xlsx',
      'regatta.csv',
      'notes.odt',
      'letter.rtf',
      'almanac.epub',
      'mail-base64.eml',
      'mail-utf-16.eml',
      'password.xlsx',
    ];
    const outcomes = await Promise.all(names.map(outcome));
    expect(Object.fromEntries(names.map((name, index) => [name, outcomes[index]]))).toEqual({
      'paper-2p.pdf': 'application/pdf 2',
      'gazetteer-13p.pdf': 'application/pdf 13',
      'report-600p.pdf': 'application/pdf 600',
      'korean.pdf': 'application/pdf 1',
      'arabic.pdf': 'application/pdf 1',
      'cut-off.pdf': 'corrupt',
      'copy-protected.pdf': 'application/pdf 2',
      'guide-76p-damaged.pdf': 'application/pdf 76',
      'password.pdf': 'encrypted',
      'scan.pdf': 'no_text_layer',
      'readme.md': 'text/markdown utf-8',
      'umlauts-latin-1.md': 'text/markdown windows-1252',
      'book.txt': 'text/plain utf-8',
      'empty.txt': 'no_text',
      'table.docx': 'officedocument.wordprocessingml.document',
      'handbook.docx': 'officedocument.wordprocessingml.document',
      'annual-report.html': 'text/html utf-8',
      'slides.pptx': 'officedocument.presentationml.presentation 3',
      'slides-malformed.pptx': 'officedocument.presentationml.presentation 3',
      'regatta.xlsx': 'officedocument.spreadsheetml.sheet 2',
      'regatta.csv': 'text/csv utf-8',
      'notes.odt': 'opendocument.text',
      'letter.rtf': 'application/rtf',
      'almanac.epub': 'application/epub+zip',
      'mail-base64.eml': 'message/rfc822',
      'mail-utf-16.eml': 'message/rfc822',
      'password.xlsx': 'encrypted',
    });
  });

  it('answers with the same text as JSON and as NDJSON, where progress shows', async () => {
    processor = await Processor.start();
    for (const name of ['gazetteer-13p.pdf', 'readme.md', BOOK]) {
      const { text, metadata, segments } = await parsed(await processor.parseFile(name));
      const lines = await events(await processor.parseFile(name, { headers: NDJSON }));
      const pieces = lines.filter((line) => line.type === 'segment');
      expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      expect(pieces.every((piece) => piece.text.length <= 64 * 1024)).toBe(true);
      expect(lines.at(-1)).toEqual({ type: 'end', metadata });
      expect([...new Set(pieces.map(({ page, heading }) => `${page} ${heading}`))]).toEqual([
        ...new Set(segments.map(({ page, heading }) => `${page} ${heading}`)),
      ]);
    }
    const lines = await events(await processor.parseFile(LONG_PDF, { headers: NDJSON }));
    const progress = lines.filter((line) => line.type === 'progress');
    expect(progress).toHaveLength(30);
    expect(progress.at(-1)).toEqual({ type: 'progress', pages_done: 600, pages_total: 600 });
    // It moves while it is read, not at the end.
    const first = lines.findIndex((line) => line.type === 'progress');
    expect(lines.slice(0, first).every((line) => line.type === 'segment' && line.page! <= 20)).toBe(true);
  });

  it('sends its first lines long before its last', async () => {
    processor = await Processor.start();
    const started = performance.now();
    const response = await processor.parseFile(LONG_PDF, { headers: NDJSON });
    const reader = response.body!.getReader();
    await reader.read();
    const first = performance.now() - started;
    while (!(await reader.read()).done);
    expect(first).toBeLessThan((performance.now() - started) / 2);
  });

  it('answers what is no upload with words', async () => {
    processor = await Processor.start({ maxUploadBytes: 100_000 });
    const invalid = { status: 400, code: 'invalid_request' };
    const post = (body: string | FormData, headers = {}) =>
      fetch(`${processor.url}/parse`, { method: 'POST', body, headers });
    expect(await problem(await post('{}', { 'content-type': 'application/json' }))).toEqual(invalid);
    expect(await problem(await post('x', { 'content-type': 'multipart/form-data' }))).toEqual(invalid);
    const cutOff = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntext';
    expect(await problem(await post(cutOff, { 'content-type': 'multipart/form-data; boundary=b' }))).toEqual(
      invalid,
    );
    const form = new FormData();
    form.set('other', new File(['text'], 'a.txt'));
    expect(await problem(await post(form))).toEqual(invalid);
    expect(await problem(await processor.parse(new Uint8Array(3_000_000), 'a.txt'))).toEqual({
      status: 413,
      code: 'body_too_large',
    });
    expect(await problem(await fetch(`${processor.url}/nothing`))).toEqual({
      status: 404,
      code: 'not_found',
    });
  });

  it('refuses a text that is too long, on the way', async () => {
    processor = await Processor.start({ maxTextChars: 100_000 });
    const tooLong = { status: 422, code: 'text_too_long' };
    expect(await problem(await processor.parseFile(BOOK))).toEqual(tooLong);
    expect(await problem(await processor.parseFile(LONG_PDF))).toEqual(tooLong);
    const lines = await events(await processor.parseFile(LONG_PDF, { headers: NDJSON }));
    expect(lines.at(-1)).toMatchObject({ type: 'error', code: 'text_too_long' });
    expect(lines.some((line) => line.type === 'segment')).toBe(true);
  });
});

describe('POST /chunk', () => {
  it('cuts a parsed PDF into chunks on the right pages', async () => {
    processor = await Processor.start();
    const { text, segments } = await parsed(await processor.parseFile('paper-2p.pdf'));
    for (const strategy of CHUNKING_STRATEGIES) {
      const chunks = await processor.chunk({ text, segments, strategy, chunk_size: 256 });
      expect(chunks.length).toBeGreaterThan(10);
      for (const chunk of chunks) {
        expect(chunk.text).toBe(text.slice(chunk.start, chunk.end));
        expect(chunk.text.length).toBeLessThanOrEqual(256);
        const home = segments.find(({ start, end }) => start <= chunk.start && chunk.start < end);
        expect(chunk.page).toBe(home?.page);
        expect(chunk.heading).toBe(home?.heading);
      }
      const pagesOf = (sentence: string) =>
        chunks.filter((chunk) => words(chunk.text).includes(sentence)).map(({ page }) => page);
      expect(new Set(pagesOf('Recent advances in the reading of drawn curves'))).toEqual(new Set([1]));
      expect(new Set(pagesOf('The sheets of the weather station at Brine End'))).toEqual(new Set([2]));
    }
  });

  it('says what is wrong with a request', async () => {
    processor = await Processor.start({ maxTextChars: 1000 });
    const given = { text: 'text', strategy: 'sentence', chunk_size: 64, chunk_overlap: 0 };
    const invalid = { status: 400, code: 'invalid_request' };
    expect(await problem(await processor.post('/chunk', { ...given, chunk_size: 1 }))).toEqual(invalid);
    expect(await problem(await processor.post('/chunk', { ...given, chunk_overlap: 33 }))).toEqual(invalid);
    expect(await problem(await processor.post('/chunk', { ...given, strategy: 'magic' }))).toEqual(invalid);
    const noJson = await fetch(`${processor.url}/chunk`, { method: 'POST', body: '{' });
    expect(await problem(noJson)).toEqual(invalid);
    const tooLong = { status: 422, code: 'text_too_long' };
    expect(await problem(await processor.post('/chunk', { ...given, text: 'x'.repeat(1001) }))).toEqual(
      tooLong,
    );
    const tooLarge = { status: 413, code: 'body_too_large' };
    expect(await problem(await processor.post('/chunk', { ...given, text: 'x'.repeat(4e6) }))).toEqual(
      tooLarge,
    );
  });
});

describe('POST /embed with the bundled model', () => {
  const texts = Array.from(
    { length: 40 },
    (_, index) => `Sentence ${index} is about the number ${index * 7}.`,
  );

  it('gives each text its own vector, always the same, in order', async () => {
    processor = await Processor.start({ embeddings: undefined });
    const { embeddings, model, dimensions } = await processor.embed(texts);
    expect({ count: embeddings.length, model, dimensions }).toEqual({
      count: 40,
      model: 'universal-sentence-encoder-lite',
      dimensions: 512,
    });
    for (const vector of embeddings) {
      expect(vector).toHaveLength(512);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
    // To the last digit, whatever its neighbours.
    const some = await processor.embed([texts[33]!, texts[2]!]);
    expect(some.embeddings).toEqual([embeddings[33], embeddings[2]]);

    const similar = await processor.embed(['A cat sleeps.', 'A kitten naps.', 'Interest rates rose.']);
    const [cat, kitten, rates] = similar.embeddings;
    expect(dot(cat!, kitten!)).toBeGreaterThan(dot(cat!, rates!) + 0.1);
  });

  it('refuses another model, and what is no request', async () => {
    processor = await Processor.start({ embeddings: undefined });
    const invalid = { status: 400, code: 'invalid_request' };
    expect(await problem(await processor.post('/embed', { texts: ['a'], model: 'other' }))).toEqual(invalid);
    expect(await problem(await processor.post('/embed', { texts: [] }))).toEqual(invalid);
    for (const texts of [[1], ['']])
      expect(await problem(await processor.post('/embed', { texts }))).toEqual(invalid);
    const tooLong = ['x'.repeat(10_001)];
    expect(await problem(await processor.post('/embed', { texts: tooLong }))).toEqual(invalid);
    const body = 'x'.repeat(17 * 1024 * 1024);
    const tooLarge = await fetch(`${processor.url}/embed`, { method: 'POST', body });
    expect(await problem(tooLarge)).toEqual({ status: 413, code: 'body_too_large' });
  });

  it('lets a small document through while there is a long backlog', async () => {
    processor = await Processor.start({ embeddings: undefined, children: 1 });
    await processor.embed(['warm']);
    const { signal, abort } = abortable();
    const backlog = Array.from({ length: 256 }, (_, index) => `${index} `.repeat(100));
    const started = performance.now();
    await processor.embed(backlog.slice(0, 32));
    const eighth = performance.now() - started;
    let embedded = false;
    const embedding = processor
      .post('/embed', { texts: backlog }, { signal })
      .then((response) => response.text())
      .then(() => (embedded = true))
      .catch(() => {});
    await sleep(100);
    await parsed(await processor.parse('A memo.', 'memo.txt'));
    expect(embedded).toBe(false);
    abort();
    await embedding;
    // What waited was dropped with its caller, or it would take eight times an eighth.
    const again = performance.now();
    await processor.embed(['next']);
    expect(performance.now() - again).toBeLessThan(4 * eighth);
    expect(processor.lines.filter((line) => !line.startsWith('parsers have'))).toEqual([]);
  });
});

describe('POST /embed with an embeddings server', () => {
  let server: EmbeddingsServer;
  const start = async (options: Partial<ProcessorOptions> = {}, path = '') => {
    server = await startEmbeddingsServer({ dimensions: 8 });
    const url = new URL(path, server.url).href;
    return Processor.start({ embeddings: { url, model: 'given', apiKey: 'embedder-key' }, ...options });
  };
  afterEach(() => server.close());

  it.each(['', '/v1', '/v1/', '/v1/embeddings'])(
    'finds it at its base "%s" and passes vectors on in order',
    async (path) => {
      processor = await start({}, path);
      const texts = ['one two', 'three', 'one three'];
      const { embeddings, model, dimensions } = await processor.embed(texts);
      expect({ model, dimensions, count: embeddings.length }).toEqual({
        model: 'given',
        dimensions: 8,
        count: 3,
      });
      expect((await processor.embed([texts[1]!])).embeddings).toEqual([embeddings[1]]);
      const { headers, body } = server.lastRequest()!;
      expect(headers.authorization).toBe('Bearer embedder-key');
      expect(body).toEqual({ model: 'given', input: ['three'], encoding_format: 'float' });
      expect(server.requests()).toBe(2);
    },
  );

  it('tells what may pass from what will not', async () => {
    processor = await start();
    const statuses = [
      [429, 503, 'embedder_unavailable'],
      [500, 503, 'embedder_unavailable'],
      [503, 503, 'embedder_unavailable'],
      [400, 422, 'embedder_refused'],
      [401, 422, 'embedder_refused'],
      [404, 422, 'embedder_refused'],
    ] as const;
    for (const [given, status, code] of statuses) {
      server.failNext(given, { 'retry-after': '7' });
      const response = await processor.post('/embed', { texts: ['a'] });
      expect(response.headers.get('retry-after')).toBe(status === 503 ? '7' : null);
      expect(await problem(response)).toEqual({ status, code });
      expect((await processor.post('/embed', { texts: ['a'] })).status).toBe(200);
    }
    expect(processor.lines.join()).not.toContain('embedder-key');
  });

  it('says so when it is slow or gone', async () => {
    processor = await start({ timeoutMs: 300 });
    const unavailable = { status: 503, code: 'embedder_unavailable' };
    server.delayMs = 1000;
    expect(await problem(await processor.post('/embed', { texts: ['a'] }))).toEqual(unavailable);
    await server.close();
    const unreachable = { status: 503, code: 'embedder_unreachable' };
    expect(await problem(await processor.post('/embed', { texts: ['a'] }))).toEqual(unreachable);
    server = await startEmbeddingsServer();
  });
});

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

  it('takes progress for life, and silence for none', async () => {
    // Its 600 pages need twice the deadline; every 20 of them a fraction of it.
    const timeoutMs = Math.round((await msToReadLong()) / 2);
    processor = await Processor.start({ timeoutMs, children: 1 });
    await parsed(await processor.parseFile(LONG_PDF));
    await processor.close();

    processor = await Processor.start({ timeoutMs: 10, children: 1 });
    const silent = await processor.parseFile(LONG_PDF, { headers: NDJSON });
    expect(await problem(silent)).toEqual({ status: 504, code: 'deadline' });
  });

  it('fails only the task of one that is lost, in words', async () => {
    processor = await Processor.start({ children: 2 });
    const parse = () => processor.parseFile(LONG_PDF, { headers: NDJSON });
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
    const long = await processor.parseFile(LONG_PDF, { headers: NDJSON });
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
    processor = await Processor.start({ children: 1, timeoutMs: 6000 });
    const [child] = Processor.pids();
    const parsing = processor.parseFile(LONG_PDF);
    await eventually(() => filesIn(folder)).toHaveLength(1);
    // Stopped for a third of its limit: until there is a sign of life.
    process.kill(child!, 'SIGSTOP');
    const response = await parsing;
    process.kill(child!, 'SIGCONT');
    const long = await response.text();
    expect(long.slice(0, 40)).toMatch(/^ +\{"text":/);
    expect(v.parse(ParseResponseSchema, JSON.parse(long)).metadata).toMatchObject({ pages: 600 });

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
    const calls = Array.from({ length: 60 }, async (_, moment) => {
      const { signal, abort } = abortable();
      const call = processor.parse(bytes, LONG_PDF, { signal }).catch(() => {});
      await sleep(moment * 5);
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
      Promise.all([processor.parseFile(BOOK).then(parsed), processor.chunk({ text })]),
    );
    // Were a child's work done in its process, it would be answered between two tasks.
    expect(responded).toBeGreaterThan(20);
  });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** The temporary files of all processors under the folder. */
async function filesIn(parent: string): Promise<string[]> {
  return (await readdir(parent, { recursive: true })).filter((name) => name.endsWith('.pdf'));
}
