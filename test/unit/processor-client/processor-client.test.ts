import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

import type { DependencyError } from '../../../src/errors.ts';
import { ProcessorClient, type ProcessorLimits } from '../../../src/processor-client/processor-client.ts';

const LIMITS: ProcessorLimits = { timeoutMs: 5000, callMs: 60_000, maxTextChars: 1000 };
const NDJSON = 'application/x-ndjson';
const MIB = 1024 * 1024;
/** Far below what the services here would send, and far above what a call may hold. */
const MAX_HELD_MIB = 250;

const never = new AbortController().signal;
let server: Server | undefined;
let client: ProcessorClient;
/** How many calls the service has had, and how many connections it has now. */
let calls = 0;
const sockets = new Set<Socket>();

afterEach(async () => {
  await client.close();
  for (const socket of sockets) socket.destroy();
  server?.close();
  calls = 0;
});

async function listen(started: Server, limits: Partial<ProcessorLimits>): Promise<void> {
  server = started;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new ProcessorClient(`http://127.0.0.1:${port}`, { ...LIMITS, ...limits });
}

type Handler = (response: ServerResponse, request: IncomingMessage) => void;

/** A service that reads every request whole, and then does as it is told. */
const serve = (handler: Handler, limits: Partial<ProcessorLimits> = {}) =>
  listen(
    createServer((request, response) => {
      calls++;
      response.on('error', () => {});
      request.resume().once('end', () => handler(response, request));
    }),
    limits,
  );

const respond =
  (body: string | Buffer, type = 'application/json', status = 200): Handler =>
  (response) =>
    response.writeHead(status, { 'content-type': type }).end(body);

/** Sends pieces for as long as anybody listens, a little while apart. */
const endless =
  (type: string, piece: (index: number) => string | Buffer, everyMs = 0): Handler =>
  (response) => {
    response.writeHead(200, { 'content-type': type });
    const pieces = async function* () {
      for (let index = 0; ; index++) {
        yield piece(index);
        if (everyMs > 0) await sleep(everyMs);
      }
    };
    pipeline(Readable.from(pieces()), response).catch(() => {});
  };

const parse = (onPages = (_done: number, _total: number) => {}, bytes = Buffer.from('A file.')) => {
  const open = async () => ({ stream: Readable.from([bytes], { objectMode: false }), size: bytes.length });
  return client.parse({ filename: 'a.txt', mediaType: 'text/plain', open }, never, onPages);
};
const TEXT = 'One sentence. Another 😀.';
const chunk = () =>
  client.chunk({ text: TEXT, strategy: 'sentence', chunk_size: 32, chunk_overlap: 0, segments: [] }, never);
const embed = () => client.embed({ texts: ['one', 'two'] }, never);

/** What a call fails with, in short. */
const failure = (call: Promise<unknown>) =>
  call.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (error: { kind?: string; code?: string; message: string }) =>
      error.kind === undefined ? error.message : `${error.kind} ${error.code}`,
  );
const BAD = 'transient bad_answer';

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const END = line({ type: 'end', metadata: {} });
const segment = (text: string, rest = {}) => line({ type: 'segment', text, ...rest });

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
    client = new ProcessorClient('http://127.0.0.1:9', LIMITS);
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

/** How a call fails that must not hold much. */
async function heldLittle(call: () => Promise<unknown>): Promise<string> {
  const before = process.memoryUsage().rss;
  const outcome = await failure(call());
  expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(MAX_HELD_MIB);
  return outcome;
}

it('an answer with millions of faults takes no more memory than one with a single fault', async () => {
  const faults = 'null,'.repeat(2_000_000);
  await serve(respond(`{"embeddings":[[${faults}0]],"model":"m","dimensions":1}`));
  expect(await heldLittle(embed)).toBe(BAD);
});

describe('an answer without an end', () => {
  const held = async (call: () => Promise<unknown>) => {
    const outcome = await heldLittle(call);
    await expect.poll(() => sockets.size).toBe(0);
    return outcome;
  };

  it.each<[string, string, string, () => Promise<unknown>]>([
    ['of blanks', NDJSON, ' '.repeat(64 * 1024), () => parse()],
    [
      'of progress',
      NDJSON,
      line({ type: 'progress', pages_done: 1, pages_total: 2 }).repeat(1000),
      () => parse(),
    ],
    ['of JSON', 'application/json', `{"text":"${'x'.repeat(64 * 1024)}`, () => parse()],
    ['of empty lines', NDJSON, '\n'.repeat(64 * 1024), () => parse()],
    ['from /chunk', 'application/json', ' '.repeat(64 * 1024), chunk],
    ['from /embed', 'application/json', ' '.repeat(64 * 1024), embed],
    ['from /health', 'application/json', ' '.repeat(64 * 1024), () => client.health()],
  ])('%s is cut off', async (_, type, piece, call) => {
    await serve(endless(type, () => piece));
    expect(await held(call)).toBe(BAD);
  });

  it('of one line is cut off long before a text would be too long', async () => {
    await serve(
      endless(NDJSON, () => 'x'.repeat(64 * 1024)),
      { maxTextChars: 20_000_000 },
    );
    expect(await held(() => parse())).toBe(BAD);
  });

  it('after its last line is cut off', async () => {
    await serve(endless(NDJSON, (index) => (index === 0 ? END : ' '.repeat(64 * 1024))));
    expect(await held(() => parse())).toBe(BAD);
  });

  it('of text is too long', async () => {
    await serve(endless(NDJSON, () => segment('x'.repeat(100))));
    expect(await held(() => parse())).toBe('permanent text_too_long');
  });

  it('with an error is no error of its own', async () => {
    await serve((response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json' });
      response.on('error', () => {});
      const more = () => void (!response.destroyed && response.write(' '.repeat(64 * 1024), more));
      more();
    });
    expect(await held(chunk)).toBe('transient http_422');
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a parse', () => parse(), NDJSON],
    ['a chunking', chunk, 'application/json'],
  ])('in drops ends %s when its time is over', async (_, call, type) => {
    await serve(
      endless(type, () => ' ', 20),
      { callMs: 500 },
    );
    expect(await held(call)).toBe('transient deadline');
  });

  it('in silence ends a call when it has been silent too long', async () => {
    await serve((response) => void response.writeHead(200, { 'content-type': NDJSON }).write('\n'), {
      timeoutMs: 300,
    });
    expect(await held(() => parse())).toBe('transient deadline');
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
    expect(pages).toEqual(Array.from({ length: times }, () => [1, 2]));
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

describe('a file that turns out to be the wrong one', () => {
  const wrong = Object.assign(new Error('wrong'), { code: 'EIO' });
  const LARGE = 8 * MIB;
  /** Parses a file whose stream fails at its end. */
  const parseWrong = (size = 7, signal = never) => {
    const bytes = async function* () {
      for (let sent = 0; sent < size; sent += MIB) yield Buffer.alloc(Math.min(MIB, size - sent), 'x');
      throw wrong;
    };
    const stream = Readable.from(bytes(), { objectMode: false });
    const open = async () => ({ stream, size });
    return { stream, call: client.parse({ filename: 'a', mediaType: undefined, open }, signal, () => {}) };
  };
  /** Responds as soon as it has some of a request. */
  const serveEarly = (handler: Handler) =>
    listen(
      createServer((request, response) => {
        response.on('error', () => {});
        request.once('data', () => handler(response, request));
      }),
      {},
    );

  it('does not end as if the service were at fault', async () => {
    await serve(respond(END, NDJSON));
    await expect(parseWrong().call).rejects.toBe(wrong);
    await expect(parseWrong(LARGE).call).rejects.toBe(wrong);
  });

  it.each<[string, Handler]>([
    ['taken', respond(segment('x') + END, NDJSON)],
    ['taken, in JSON', respond('{"text":"x","metadata":{},"segments":[]}')],
    ['refused', respond('{"code":"encrypted","detail":"Locked."}', 'application/problem+json', 422)],
    ['refused in a line', respond(line({ type: 'error', code: 'corrupt', detail: 'Damaged.' }), NDJSON)],
    ['said to kill parsers', respond('{"code":"parser_crashed","detail":"x"}', 'application/json', 500)],
  ])('is not %s by a service that answers before it has all of it', async (_, handler) => {
    await serveEarly(handler);
    const { call, stream } = parseWrong(LARGE);
    await expect(call).rejects.toBe(wrong);
    expect(stream.destroyed).toBe(true);
  });

  it('is another matter than a service that goes away', async () => {
    await serveEarly((response) => response.destroy());
    expect(await failure(parseWrong(LARGE).call)).toBe('interrupted processor_lost');
    await client.close();
    server?.close();
    await serveEarly(respond('{"code":"busy","detail":"Later."}', 'application/problem+json', 429));
    expect(await failure(parseWrong(LARGE).call)).toBe('transient busy');
  });

  it('is another matter than a caller that gives up', async () => {
    const reason = new Error('cancelled');
    const caller = new AbortController();
    await serveEarly((_, request) => {
      request.pause();
      caller.abort(reason);
    });
    const { call, stream } = parseWrong(8 * LARGE, caller.signal);
    await expect(call).rejects.toBe(reason);
    expect(stream.destroyed).toBe(true);
  });
});

it('a service that answers before it has the whole file is believed once the file has proved right', async () => {
  const early = createServer((request, response) => {
    request.once('data', () => respond(segment('x') + END, NDJSON)(response, request));
  });
  await listen(early, {});
  expect((await parse(undefined, Buffer.alloc(8 * MIB))).text).toBe('x');
});
