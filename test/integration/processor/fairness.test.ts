import { afterEach, describe, expect, it } from 'vitest';

import { DOCUMENT_HEADER } from '../../../src/contract/services/processor.ts';
import type { ProcessorOptions } from '../../../src/processor/server.ts';
import { documentBytes } from '../../documents/documents.ts';
import { startTestProcessor, type TestProcessor } from '../../helpers/processors/processor.ts';

const LARGE = await documentBytes('report-600p.pdf');

let processor: TestProcessor;
let leaving: AbortController;
/** Who has been answered so far, in that order. */
let responded: string[];
afterEach(async () => {
  leaving.abort();
  await processor.close();
});

async function start(options: Partial<ProcessorOptions> = {}): Promise<void> {
  leaving = new AbortController();
  responded = [];
  processor = await startTestProcessor(options);
}

/** A call whose caller is noted when its response has come whole; `begun` resolves with its first byte. */
function call(path: string, caller: string, body: FormData | string, headers: Record<string, string> = {}) {
  const begun = fetch(processor.url + path, { method: 'POST', body, headers, signal: leaving.signal });
  const ended = begun.then(async (response) => {
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    responded.push(caller);
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
    await start();
    const books = [1, 2, 3, 4].map((i) => parse(`book ${i}`, LARGE, 'book.pdf'));
    await Promise.race(books.map(({ begun }) => begun));
    await parse('memo', 'A memo.', 'memo.txt').ended;
    expect(responded).toEqual(['memo']);
  });

  it('has its share of the embedding while a long one has much waiting', async () => {
    await start({ children: 1, embeddings: undefined });
    const texts = (name: string) => Array.from({ length: 8 }, (_, i) => `Text ${i} of the ${name}.`);
    const book = Array.from({ length: 16 }, () => embed('book', texts('book')).ended);
    await Promise.race(book);
    await Promise.all([1, 2, 3].map(() => embed('memo', texts('memo')).ended));
    // They take turns, so about three of the book's come between; the rest is for calls that are on their way.
    expect(responded.length).toBeLessThan(12);
  });
});
