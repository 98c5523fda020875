import { Readable } from 'node:stream';
import * as v from 'valibot';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import {
  MAX_EMBED_TEXTS,
  MAX_EMBED_TEXT_CHARS,
  ParseResponseSchema,
  ProcessorProblemSchema,
  type ChunkRequest,
  type CutSettings,
} from '../../src/contract/services/processor.ts';
import { CHUNKING_STRATEGIES } from '../../src/contract/upload.ts';
import { ProcessorClient } from '../../src/processor-client/processor-client.ts';
import { startEmbeddingsServer } from '../helpers/servers/embeddings-server.ts';
import { startTestProcessor } from '../helpers/processors/processor.ts';
import { startPythonProcessor } from '../helpers/processors/python-processor.ts';
import { use } from '../helpers/servers/use.ts';

interface Service {
  url: string;
  close: () => Promise<void>;
}

async function startOurs(): Promise<Service> {
  const embedder = await startEmbeddingsServer();
  const embeddings = { url: embedder.url, model: 'default', apiKey: undefined };
  const { url, close } = await startTestProcessor({ embeddings, secret: SECRET });
  return {
    url,
    async close() {
      await Promise.all([close(), embedder.close()]);
    },
  };
}

const given = process.env['PROCESSOR_URL'];
const SECRET = process.env['PROCESSOR_SECRET'] ?? 'the-secret-of-the-tests';
/** A service that demands none must not mind. */
const headers = { authorization: `Bearer ${SECRET}` };
const services: [name: string, start: () => Promise<Service>][] = given
  ? [[given, async () => ({ url: given.replace(/\/$/, ''), close: async () => {} })]]
  : [
      ['our processor', startOurs],
      ['a processor in Python', startPythonProcessor],
    ];

const never = new AbortController().signal;
const NOTES = '# Notes\n\nThe first.\n\n# More\n\nThe second 😀 sentence. And a third.\n';
const LONG = Array.from(
  { length: 20_000 },
  (_, index) => `Sentence ${index} says 😀 ${index % 7 === 0 ? 'a little more: 漢字かな' : 'little'}.`,
).join(' ');

describe.each(services)('%s', (_, start) => {
  const service = use(start);
  const limits = { timeoutMs: 30_000, callMs: 60_000, maxTextChars: 20_000_000 };
  const client = use(() => new ProcessorClient(service.url, limits, { headers }));
  beforeAll(() => vi.waitFor(() => client.health(), { timeout: 30_000 }));

  /** As the caller does it, who takes either form. */
  const parse = (content: string | Buffer, filename = 'a.txt', mediaType?: string, cut?: CutSettings) => {
    const bytes = Buffer.from(content);
    const open = async () => ({ stream: Readable.from([bytes], { objectMode: false }), size: bytes.length });
    return client.parse({ filename, mediaType, open }, never, () => {}, { ...(cut && { cut }) });
  };
  const post = (path: string, body: unknown) =>
    fetch(service.url + path, {
      method: 'POST',
      headers,
      body: body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body),
    });
  const form = (content: string, field = 'file') => {
    const body = new FormData();
    body.set(field, new File([content], 'a.txt'));
    return body;
  };
  const refusal = async (response: Response) => {
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = v.parse(ProcessorProblemSchema, await response.json());
    return { status: response.status, code: problem.code };
  };
  const invalid = { status: 400, code: 'invalid_request' };
  const code = (call: Promise<unknown>) =>
    call.then(
      (value) => JSON.stringify(value),
      (error: { kind: string; code: string }) => `${error.kind} ${error.code}`,
    );
  const words = (text: string) => text.match(/[\p{L}\p{N}]+/gu) ?? [];

  describe('GET /health', () => {
    it('says that it is well', async () => {
      expect(await client.health()).toMatchObject({ status: 'ok' });
    });

    it('names the model and the length of its vectors as an embedding does, if at all', async () => {
      const { model, dimensions } = await client.embed({ texts: ['one'] }, never);
      const health = await client.health();
      expect([model, undefined]).toContain(health.model);
      expect([dimensions, undefined]).toContain(health.dimensions);
    });
  });

  describe('POST /parse', () => {
    it('reads text, with any character, and changes no word', async () => {
      for (const text of ['One line', NOTES, 'العربية שלום 漢字 한국어 ไทย', 'e\u0301 👩‍👩‍👧 \u{10ffff}']) {
        const parsed = await parse(text);
        expect(words(parsed.text)).toEqual(words(text));
        expect(parsed.text.trimEnd().endsWith(text.trimEnd().slice(-1))).toBe(true);
      }
    });

    it.each(CHUNKING_STRATEGIES)(
      'cuts the text as /chunk does, if it does so in the same call: %s',
      async (strategy) => {
        const cut = { strategy, chunk_size: 64, chunk_overlap: 16 };
        const { text, segments, chunks } = await parse(NOTES, 'notes.md', 'text/markdown', cut);
        if (chunks) expect(chunks).toEqual((await client.chunk({ text, segments, ...cut }, never)).chunks);
        expect((await parse(NOTES, 'notes.md', 'text/markdown')).chunks).toBeUndefined();
      },
    );

    it('puts line feeds for line ends', async () => {
      const { text } = await parse('one\r\ntwo\rthree\nfour');
      expect(text).not.toContain('\r');
      expect(words(text)).toEqual(['one', 'two', 'three', 'four']);
    });

    it('reads a long text whole, in either form the same', async () => {
      const parsed = await parse(LONG);
      expect(words(parsed.text)).toEqual(words(LONG));
      const response = await fetch(`${service.url}/parse`, {
        method: 'POST',
        body: form(LONG),
        headers: { ...headers, accept: 'application/json' },
      });
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(v.parse(ParseResponseSchema, await response.json()).text).toBe(parsed.text);
    });

    it('knows the headings of Markdown, if it knows headings, and cuts segments where they are', async () => {
      const { text, segments } = await parse(NOTES, 'notes.md', 'text/markdown');
      for (const { start, end, heading } of segments) {
        if (heading !== undefined) expect(text.slice(start, end)).toContain(heading.split(' > ').at(-1));
      }
    });

    it('runs no script and shows no markup of HTML, if it reads HTML', async () => {
      const page = '<!doctype html><title>t</title><body><p>Words &amp; more<script>alert("x")</script></p>';
      const outcome = await code(parse(page, 'a.html', 'text/html'));
      expect(outcome).toMatch(/Words & more|permanent unsupported_type/);
      expect(outcome).not.toContain('alert');
    });

    it('takes whatever the file is called', async () => {
      for (const name of [
        '../../etc/passwd',
        'a"b\r\nX-Y: z.txt',
        '\u202etxt.exe',
        'n\u0001\u001b[31m',
        'ä 漢.txt',
        'x'.repeat(5000),
        '..',
        '',
      ]) {
        expect(words((await parse('Some words.', name)).text)).toEqual(['Some', 'words']);
      }
    });

    it('refuses for good what has no text, or is no text', async () => {
      expect(await code(parse('', 'empty.txt'))).toBe('permanent no_text');
      expect(await code(parse(' \n\t \n', 'blank.txt'))).toBe('permanent no_text');
      const program = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01'), Buffer.alloc(500)]);
      expect(await code(parse(program, 'a.txt'))).toMatch(/^permanent (?:unsupported_type|corrupt|no_text)$/);
    });

    it('refuses what is no upload', async () => {
      expect(await refusal(await post('/parse', { file: 'x' }))).toEqual(invalid);
      expect(await refusal(await post('/parse', form('x', 'document')))).toEqual(invalid);
    });

    it('reads several at once', async () => {
      const texts = Array.from({ length: 12 }, (_, index) => `Document ${index}.`);
      const parsed = await Promise.all(texts.map((text) => parse(text)));
      expect(parsed.map(({ text }) => text.trim())).toEqual(texts);
    });
  });

  describe('POST /chunk', () => {
    const chunk = async (request: Partial<ChunkRequest> & { text: string }) => {
      const whole: ChunkRequest = {
        strategy: 'sentence',
        chunk_size: 64,
        chunk_overlap: 0,
        segments: [],
        ...request,
      };
      const { chunks } = await client.chunk(whole, never);
      // The caller has seen to it that they are slices, in order, and not too long.
      let covered = 0;
      for (const { text, start, end } of chunks) {
        expect(text.trim()).not.toBe('');
        expect(whole.text.slice(covered, Math.max(covered, start)).trim()).toBe('');
        expect(covered - start).toBeLessThanOrEqual(whole.chunk_overlap);
        covered = end;
      }
      expect(whole.text.slice(covered).trim()).toBe('');
      return chunks;
    };

    it.each(CHUNKING_STRATEGIES)('cuts by %s: exact slices that hold everything', async (strategy) => {
      for (const text of [
        NOTES,
        LONG.slice(0, 20_000),
        'x'.repeat(1000),
        '😀'.repeat(500),
        '\n\n a \n\n\n b',
      ]) {
        for (const [chunk_size, chunk_overlap] of [
          [32, 0],
          [33, 16],
          [512, 50],
          [8192, 4096],
        ] as const) {
          const chunks = await chunk({ text, strategy, chunk_size, chunk_overlap });
          expect(chunks.length).toBeGreaterThan(0);
        }
      }
    });

    it('cuts a long text', async () => {
      expect((await chunk({ text: LONG, chunk_size: 512, chunk_overlap: 50 })).length).toBeGreaterThan(1000);
    });

    it('finds nothing in blanks', async () => {
      expect(await chunk({ text: '' })).toEqual([]);
      expect(await chunk({ text: ' \n\u00a0\ufeff\t' })).toEqual([]);
    });

    it('labels each with the page and heading where it begins', async () => {
      const sentences = ['First page here.', 'Second page here 😀.', 'Third, under no heading.'];
      const text = sentences.join('\n\n');
      const [second, third] = [text.indexOf('Second'), text.indexOf('Third')];
      const segments = [
        { start: 0, end: second, page: 1, heading: 'A' },
        { start: second, end: third, page: 2, heading: 'A > B' },
        { start: third, end: text.length, page: 7 },
      ];
      for (const strategy of CHUNKING_STRATEGIES) {
        for (const { start, page, heading } of await chunk({ text, strategy, segments, chunk_size: 32 })) {
          const home = segments.find((segment) => segment.start <= start && start < segment.end);
          expect({ page, heading }).toEqual({ page: home?.page, heading: home?.heading });
        }
      }
    });

    it('refuses what does not fit', async () => {
      const request = { text: 'x', strategy: 'sentence', chunk_size: 64, chunk_overlap: 0 };
      expect((await post('/chunk', request)).status).toBe(200);
      for (const wrong of [
        { text: 1 },
        { strategy: 'magic' },
        { chunk_size: 31 },
        { chunk_size: 8193 },
        { chunk_size: '64' },
        { chunk_overlap: 33 },
        { chunk_overlap: -1 },
      ]) {
        expect(await refusal(await post('/chunk', { ...request, ...wrong })), JSON.stringify(wrong)).toEqual(
          invalid,
        );
      }
      expect(await refusal(await post('/chunk', '{"text":'))).toEqual(invalid);
    });
  });

  describe('POST /embed', () => {
    it('gives each text its own vector, the same each time', async () => {
      const texts = ['The weather is fine today.', 'Stocks fell sharply.', 'The weather is fine today.'];
      const { embeddings, model } = await client.embed({ texts }, never);
      const near = (a: number[], b: number[]) => a.every((value, at) => Math.abs(value - b[at]!) < 1e-3);
      expect(near(embeddings[0]!, embeddings[2]!)).toBe(true);
      expect(near(embeddings[0]!, embeddings[1]!)).toBe(false);
      for (const vector of embeddings) expect(Math.hypot(...vector)).toBeGreaterThan(0);
      const again = await client.embed({ texts: [texts[1]!] }, never);
      expect(again.model).toBe(model);
      expect(near(again.embeddings[0]!, embeddings[1]!)).toBe(true);
    });

    it('takes as many texts as it must, and the longest, of any characters', async () => {
      const many = Array.from({ length: MAX_EMBED_TEXTS }, (_, index) => `Text ${index}.`);
      expect((await client.embed({ texts: many }, never)).embeddings).toHaveLength(MAX_EMBED_TEXTS);
      const texts = ['word '.repeat(MAX_EMBED_TEXT_CHARS / 5), '😀', '?', '漢字', '\n'];
      expect((await client.embed({ texts }, never)).embeddings).toHaveLength(texts.length);
    });

    it('refuses what does not fit', async () => {
      const one = 'x'.repeat(MAX_EMBED_TEXT_CHARS + 1);
      const many = Array.from({ length: MAX_EMBED_TEXTS + 1 }, () => 'x');
      for (const wrong of [
        {},
        { texts: 'x' },
        { texts: [] },
        { texts: [1] },
        { texts: [one] },
        { texts: many },
      ]) {
        expect(await refusal(await post('/embed', wrong))).toEqual(invalid);
      }
      expect(await refusal(await post('/embed', 'x'))).toEqual(invalid);
    });
  });

  it('has no other calls', async () => {
    expect(await refusal(await fetch(`${service.url}/nothing`, { headers }))).toEqual({
      status: 404,
      code: 'not_found',
    });
    expect(await refusal(await post('/nothing', {}))).toEqual({ status: 404, code: 'not_found' });
  });
});
