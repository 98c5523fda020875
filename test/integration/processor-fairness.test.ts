import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { DOCUMENT_HEADER } from '../../src/contract/processor.ts';
import { Pool } from '../../src/processor/pool/pool.ts';
import { startProcessor, type ProcessorOptions } from '../../src/processor/server.ts';
import { corpusPath } from '../helpers/corpus.ts';
import { quietLogger } from '../helpers/roles.ts';

const LARGE = readFileSync(corpusPath('DA-619p.pdf'));

let folder: string;
let processor: Awaited<ReturnType<typeof startProcessor>>;
let leaving: AbortController;
/** Who has been answered so far, in that order. */
let answered: string[];
afterEach(async () => {
  leaving.abort();
  await processor.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<ProcessorOptions>): Promise<void> {
  leaving = new AbortController();
  answered = [];
  folder = await mkdtemp(join(tmpdir(), 'processor-fairness-'));
  processor = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    tmpDir: folder,
    children: 2,
    timeoutMs: 30_000,
    maxTextChars: 20_000_000,
    maxUploadBytes: 200 * 1024 * 1024,
    embeddings: undefined,
    logger: quietLogger(),
    ...options,
  });
}

/** A call whose caller is noted when its answer has come whole; `begun` resolves with its first byte. */
function call(path: string, caller: string, body: FormData | string, headers: Record<string, string> = {}) {
  const url = `http://127.0.0.1:${processor.port}${path}`;
  const begun = fetch(url, { method: 'POST', body, headers, signal: leaving.signal });
  const ended = begun.then(async (response) => {
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    answered.push(caller);
  });
  ended.catch(() => {});
  return { begun, ended };
}

function parse(caller: string, content: Uint8Array<ArrayBuffer> | string, filename: string) {
  const body = new FormData();
  body.set('file', new File([content], filename));
  return call('/parse', caller, body, { accept: 'application/x-ndjson' });
}

const embed = (document: string, texts: string[]) =>
  call('/embed', document, JSON.stringify({ texts }), { [DOCUMENT_HEADER]: document });

describe('a short document', () => {
  it('is parsed before any of four long ones that came first is done', async () => {
    await start({ embeddings: { url: 'http://127.0.0.1:9', model: 'none', apiKey: undefined } });
    const books = [1, 2, 3, 4].map((i) => parse(`book ${i}`, LARGE, 'book.pdf'));
    await Promise.race(books.map(({ begun }) => begun));
    await parse('memo', 'A memo.', 'memo.txt').ended;
    expect(answered).toEqual(['memo']);
  });

  it('has its share of the embedding while a long one has much waiting', async () => {
    await start({ children: 1 });
    const texts = (name: string) => Array.from({ length: 8 }, (_, i) => `Text ${i} of the ${name}.`);
    const book = Array.from({ length: 16 }, () => embed('book', texts('book')).ended);
    await Promise.race(book);
    await Promise.all([1, 2, 3].map(() => embed('memo', texts('memo')).ended));
    // They take turns, so about three of the book's come between; the rest is for calls that are on their way.
    expect(answered.length).toBeLessThan(12);
  });
});

it('the last child is kept from embedding, so what is short begins at once', async () => {
  const pool = new Pool({ children: 2, timeoutMs: 60_000, withModel: true, logger: quietLogger() });
  try {
    const caller = (document: string) => ({ document, signal: new AbortController().signal });
    const texts = ['A sentence that takes its time, as all of them do. '.repeat(300)];
    const [one, another] = ['one', 'another'].map((name) => pool.run({ kind: 'embed', texts }, caller(name)));
    const begun: string[] = [];
    void another?.turn.then(() => begun.push('another'));
    await one?.turn;
    const memo = { kind: 'chunk', path: '/nowhere', bytes: 1, maxTextChars: 1 } as const;
    await expect(pool.run(memo, caller('memo')).answer).rejects.toThrow();
    expect(begun).toEqual([]);
    await one?.answer;
    await another?.turn;
  } finally {
    await pool.close();
  }
});
