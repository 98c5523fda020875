import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';

import {
  ChunkResponseSchema,
  EmbedResponseSchema,
  ParseEventSchema,
  ParseResponseSchema,
  type ChunkRequest,
  type ParseEvent,
} from '../../../src/contract/services/processor.ts';
import type { ProcessorOptions } from '../../../src/processor/server.ts';
import { documentBytes } from '../../documents/documents.ts';
import { startTestProcessor, type TestProcessor } from '../processors/processor.ts';
import { use } from '../servers/use.ts';

export const NDJSON = { accept: 'application/x-ndjson' };

/** A PDF that takes a child some seconds. */
export const LONG_PDF = 'report-600p.pdf';
/** A quarter of {@link LONG_PDF}, for tests that read it to its end. */
export const SHORTER_PDF = 'report-150p.pdf';

export const BOOK = 'book.txt';

const MINUTE = { timeout: 60_000 };

export let folder: string;

/**
 * Registers the folder of the processors of a file, and the end of each test's processor.
 * Each processor leaves neither a file nor a child behind.
 */
export function useProcessor(held: () => Processor): void {
  useFolder();
  afterEach(async () => {
    await held().close();
    await expectNothingLeft();
  });
}

/**
 * Starts one processor for the tests of a `describe`, because a start takes a second of CPU. It fails a test that leaves
 * an upload behind. It fails the `describe` if the processor leaves a file or a child.
 */
export function useOneProcessor(options: Partial<ProcessorOptions> = {}): Processor {
  useFolder();
  afterAll(expectNothingLeft);
  const processor = use(() => Processor.start(options));
  const files = async () => (await readdir(folder, { recursive: true })).toSorted();
  let own: string[] = [];
  beforeAll(async () => {
    own = await files();
  });
  afterEach(() => vi.waitFor(async () => expect(await files()).toEqual(own), MINUTE));
  return processor;
}

function useFolder(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'processor-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
}

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(folder)).toEqual([]);
  expect(Processor.pids()).toEqual([]);
}

/** A busy machine may take its time. */
export const eventually = <T>(look: () => T) => expect.poll(look);

/** A processor with all a test needs to look at. */
export class Processor {
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
    // It may start in a hook, which has no `expect.poll`.
    await vi.waitFor(async () => expect(await processor.health()).toBe(200), MINUTE);
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

export async function parsed(response: Response) {
  expect(response.status).toBe(200);
  return v.parse(ParseResponseSchema, await response.json());
}

export async function events(response: Response): Promise<ParseEvent[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  // Empty lines only break a silence.
  const lines = (await response.text()).split('\n');
  return lines.filter((line) => line !== '').map((line) => v.parse(ParseEventSchema, JSON.parse(line)));
}

export async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  expect(detail).toMatch(/^[A-Z].*\.$/);
  return { status: response.status, code };
}

export const words = (text: string) => text.replace(/\s+/g, ' ');

export function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
