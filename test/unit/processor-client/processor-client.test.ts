import { createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';

import type { DependencyError } from '../../../src/errors.ts';
import {
  BAD,
  END,
  MIB,
  NDJSON,
  TEXT,
  calls,
  chunk,
  client,
  connect,
  embed,
  endless,
  failure,
  line,
  listen,
  never,
  parse,
  respond,
  segment,
  serve,
  server,
  sockets,
  useScriptedService,
} from '../../helpers/processors/scripted-service.ts';

useScriptedService();

describe('chunks in a response to /parse', () => {
  const cut = { strategy: 'sentence', chunk_size: 32, chunk_overlap: 0 } as const;
  const asked = () => parse(undefined, undefined, cut);
  const end = line({ type: 'end', metadata: {} });
  const text = line({ type: 'segment', text: TEXT });
  const chunkLine = (start: number, end: number) => line({ type: 'chunk', start, end });

  it('get their texts, in lines and in JSON', async () => {
    const whole = { start: 0, end: TEXT.length };
    await serve(respond(text + chunkLine(0, TEXT.length) + end, NDJSON));
    expect((await asked()).chunks).toEqual([{ ...whole, text: TEXT }]);
    expect((await parse()).chunks).toBeUndefined();
    await serve(respond(JSON.stringify({ text: TEXT, metadata: {}, segments: [], chunks: [whole] })));
    expect((await asked()).chunks).toEqual([{ ...whole, text: TEXT }]);
    await serve(respond(text + end, NDJSON));
    expect((await asked()).chunks).toBeUndefined();
  });

  it.each<[string, string]>([
    ['past the end', chunkLine(0, TEXT.length + 1)],
    ['blank', chunkLine(0, TEXT.length) + chunkLine(13, 14)],
    ['out of order', chunkLine(14, TEXT.length) + chunkLine(0, 13)],
    ['without a part of the text', chunkLine(0, 13)],
  ])('break the contract: %s', async (_, chunks) => {
    await serve(respond(text + chunks + end, NDJSON));
    expect(await failure(asked())).toBe(BAD);
  });
});

describe('an answer that does not fit', () => {
  it.each<[string, string]>([
    ['HTML', '<!doctype html><title>Welcome to nginx!</title>'],
    ['nothing', ''],
    ['another shape', '{"text":"x"}'],
    ['a segment past the end', '{"text":"x","metadata":{},"segments":[{"start":0,"end":2}]}'],
    ['a segment before the start', '{"text":"x","metadata":{},"segments":[{"start":-1,"end":1}]}'],
    ['an offset between two characters', '{"text":"x","metadata":{},"segments":[{"start":0.5,"end":1}]}'],
    [
      'segments that overlap',
      '{"text":"abc","metadata":{},"segments":[{"start":0,"end":2},{"start":1,"end":3}]}',
    ],
    ['half a character', '{"text":"\\ud83d","metadata":{},"segments":[]}'],
    [
      'a heading that never ends',
      JSON.stringify({
        text: 'x',
        metadata: {},
        segments: [{ start: 0, end: 1, heading: 'h'.repeat(2001) }],
      }),
    ],
  ])('of JSON from /parse: %s', async (_, body) => {
    await serve(respond(body));
    expect(await failure(parse())).toBe(BAD);
  });

  it.each<[string, string | Buffer]>([
    ['HTML', '<!doctype html>\n<title>x</title>\n'],
    ['another type of line', line({ type: 'chapter' }) + END],
    ['a segment of nothing', segment('') + END],
    ['half a character', `{"type":"segment","text":"\\ud83d"}\n${END}`],
    ['bytes that are no UTF-8', Buffer.from(segment('\u00e9') + END, 'latin1')],
    ['more pages than there are', line({ type: 'progress', pages_done: 2, pages_total: 1 }) + END],
    ['a page of no number', segment('x', { page: 1e300 }) + END],
    ['a line after the last', END + segment('x')],
    ['an error with the code of a cancelled job', line({ type: 'error', code: 'cancelled', detail: '' })],
    ['an error without a code', line({ type: 'error', code: 'No idea!', detail: '' })],
  ])('of lines from /parse: %s', async (_, body) => {
    await serve(respond(body, NDJSON));
    expect(await failure(parse())).toBe(BAD);
  });

  it.each<[string, unknown]>([
    ['a range past the end', [{ text: TEXT, start: 0, end: TEXT.length + 1 }]],
    ['offsets that count something else', [{ text: '.', start: TEXT.length - 2, end: TEXT.length - 1 }]],
    ['another text', [{ text: 'One Sentence.', start: 0, end: 13 }]],
    ['the text without its blanks', [{ text: 'One sentence.', start: 0, end: 14 }]],
    ['half a character', [{ text: TEXT.slice(0, 23), start: 0, end: 23 }]],
    ['nothing', [{ text: '', start: 3, end: 3 }]],
    ['no chunks', undefined],
    [
      'an order of its own',
      [
        { text: 'Another', start: 14, end: 21 },
        { text: 'One', start: 0, end: 3 },
      ],
    ],
    ['too little: the beginning', [{ text: TEXT.slice(4), start: 4, end: TEXT.length }]],
    ['too little: the end', [{ text: 'One sentence.', start: 0, end: 13 }]],
    [
      'too little: the middle',
      [
        { text: 'One', start: 0, end: 3 },
        { text: TEXT.slice(14), start: 14, end: TEXT.length },
      ],
    ],
    [
      'a blank',
      [
        { text: 'One sentence.', start: 0, end: 13 },
        { text: ' ', start: 13, end: 14 },
        { text: TEXT.slice(14), start: 14, end: TEXT.length },
      ],
    ],
    ['the same again and again', [0, 1].map(() => ({ text: 'One', start: 0, end: 3 }))],
  ])('from /chunk: %s', async (_, chunks) => {
    await serve(respond(JSON.stringify({ chunks })));
    expect(await failure(chunk())).toBe(BAD);
  });

  it('from /chunk: longer than was asked for', async () => {
    const text = 'x'.repeat(33);
    await serve(respond(JSON.stringify({ chunks: [{ text, start: 0, end: 33 }] })));
    const request = { text, strategy: 'fixed', chunk_size: 32, chunk_overlap: 0, segments: [] } as const;
    expect(await failure(client.chunk({ ...request, segments: [] }, never))).toBe(BAD);
  });

  it.each<[string, string]>([
    ['too few', '[[1,0]]'],
    ['too many', '[[1,0],[0,1],[1,1]]'],
    ['of another dimension', '[[1,0],[0,1,0]]'],
    ['empty', '[[],[]]'],
    ['NaN, as Python writes it', '[[1,NaN],[0,1]]'],
    ['null, as JavaScript writes it', '[[1,null],[0,1]]'],
    ['infinite', '[[1,1e999],[0,1]]'],
    ['too large for 32 bits', '[[1,1e300],[0,1]]'],
  ])('from /embed: %s', async (_, embeddings) => {
    await serve(respond(`{"embeddings":${embeddings},"model":"m","dimensions":2}`));
    expect(await failure(embed())).toBe(BAD);
  });

  it('from /health', async () => {
    await serve(respond('{"status":"ok"}'));
    expect(await failure(client.health())).toBe(BAD);
  });
});

describe('another status', () => {
  it('is no redirect to follow', async () => {
    await serve((response, { url }) => response.writeHead(307, { location: `/elsewhere${url}` }).end());
    expect(await failure(parse())).toBe('transient http_307');
    expect(calls).toBe(1);
  });

  it.each<[number, string, string]>([
    [422, '{"code":"encrypted","detail":"Locked."}', 'permanent encrypted'],
    [429, '{"code":"busy","detail":"Later."}', 'transient busy'],
    [503, '{"code":"embedder_unreachable","detail":"Away."}', 'unreachable embedder_unreachable'],
    [404, '{"code":"not_found","detail":"No such page."}', 'unreachable processor_unavailable'],
    [405, 'Method Not Allowed', 'unreachable processor_unavailable'],
    [403, '{"code":"host_forbidden","detail":"Who?"}', 'unreachable host_forbidden'],
    [500, '{"code":"parser_crashed","detail":"Lost."}', 'crashed parser_crashed'],
    [400, 'Bad Request', 'transient http_400'],
    [422, '{"code":"cancelled","detail":"x"}', 'transient http_422'],
    [422, '{"code":"<script>","detail":"x"}', 'transient http_422'],
    [204, '', 'transient http_204'],
  ])('%i %s is %s', async (status, body, expected) => {
    await serve(respond(body, 'application/problem+json', status));
    expect(await failure(parse())).toBe(expected);
  });

  it('says when to come back, in seconds or with a date', async () => {
    const later = async (header: string) => {
      await serve((response) => response.writeHead(503, { 'retry-after': header }).end());
      const { retryAfterMs } = (await embed().catch((error: unknown) => error)) as DependencyError;
      await client.close();
      server?.close();
      return retryAfterMs;
    };
    expect(await later('7')).toBe(7000);
    const date = await later(new Date(Date.now() + 60_000).toUTCString());
    expect(date).toBeGreaterThan(50_000);
    expect(date).toBeLessThanOrEqual(60_000);
    expect(await later(new Date(Date.now() - 60_000).toUTCString())).toBe(0);
    for (const nonsense of ['', 'soon', '-5', '1e9']) expect(await later(nonsense)).toBeUndefined();
  });

  it('of /health says that the service is not well, which costs no try', async () => {
    await serve(respond('{"code":"internal","detail":"Not yet."}', 'application/problem+json', 503));
    expect(await failure(client.health())).toBe('unreachable processor_unavailable');
  });
});

describe('an error in a line', () => {
  it.each([
    ['embedder_unavailable', 'transient'],
    ['parser_crashed', 'crashed'],
    ['encrypted', 'permanent'],
    ['odd_ink', 'permanent'],
  ])('%s means what it means with a status', async (code, kind) => {
    await serve(respond(line({ type: 'error', code, detail: 'So it is.' }), NDJSON));
    expect(await failure(parse())).toBe(`${kind} ${code}`);
  });
});

describe('a service that is none', () => {
  it('speaks another protocol', async () => {
    await listen(
      createTcpServer((socket) => void socket.on('error', () => {}).end('220 mail.example ESMTP\r\n')),
      {},
    );
    expect(await failure(chunk())).toBe(BAD);
  });

  it('hangs up without a word', async () => {
    await listen(
      createTcpServer((socket) => void socket.on('error', () => {}).destroy()),
      {},
    );
    expect(await failure(chunk())).toBe('interrupted processor_lost');
  });

  it('never reads what it is sent', async () => {
    await listen(
      createTcpServer((socket) => void socket.pause()),
      { timeoutMs: 300 },
    );
    expect(await failure(parse(undefined, Buffer.alloc(16 * MIB)))).toBe('transient deadline');
  });

  it('is not there', async () => {
    connect('http://127.0.0.1:9');
    expect(await failure(chunk())).toBe('unreachable processor_unavailable');
  });
});

describe('an answer that breaks off', () => {
  it('in the middle of its lines', async () => {
    await serve(respond(segment('x'), NDJSON));
    expect(await failure(parse())).toBe('interrupted processor_lost');
  });

  it('in the middle of what it said that it would send', async () => {
    await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
      response.write('{"chunks":[', () => response.destroy());
    });
    expect(await failure(chunk())).toBe('interrupted processor_lost');
  });
});

describe('a call that is answered well', () => {
  it('hears the pages, joins the lines, and keeps its connection', async () => {
    const pages: number[][] = [];
    const lines = [
      '  \n\n',
      segment('Ein', { page: 1, heading: 'A' }),
      line({ type: 'progress', pages_done: 1, pages_total: 2 }),
      segment('s 😀', { page: 2, heading: 'B' }),
      END.trimEnd(),
    ];
    // A byte at a time: pieces end anywhere.
    await serve((response) => {
      response.writeHead(200, { 'content-type': NDJSON });
      for (const byte of Buffer.from(lines.join(''))) response.write(Buffer.of(byte));
      response.end();
    });
    const expected = {
      text: 'Eins 😀',
      metadata: {},
      segments: [
        { start: 0, end: 3, page: 1, heading: 'A' },
        { start: 3, end: 7, page: 2, heading: 'B' },
      ],
    };
    const times = 10;
    for (let time = 0; time < times; time++) {
      expect(await parse((...counts) => void pages.push(counts))).toEqual(expected);
    }
    expect(pages).toEqual(Array.from({ length: times }, () => [1, 2, {}]));
    expect(sockets.size).toBeLessThan(times / 2);
  });

  it('ends at once when its caller has no more use for it', async () => {
    await serve(endless(NDJSON, () => '\n', 20));
    const caller = new AbortController();
    const bytes = Buffer.from('x');
    const open = async () => ({ stream: Readable.from([bytes], { objectMode: false }), size: 1 });
    const call = client.parse({ filename: 'a', mediaType: undefined, open }, caller.signal, () => {});
    await expect.poll(() => calls).toBe(1);
    const reason = new Error('cancelled');
    caller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect.poll(() => sockets.size).toBe(0);
  });
});
