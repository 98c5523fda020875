import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';

import { startTestProcessor } from '../../helpers/processors/processor.ts';
import { use } from '../../helpers/servers/use.ts';

const MIB = 1024 * 1024;
/** Far above what a body of 16 MiB is held in, and far below what can be made of one. */
const MAX_HELD_MIB = 1800;

let heldBefore: number;

const processor = use(() =>
  startTestProcessor({ embeddings: undefined, maxTextChars: 2_000_000, timeoutMs: 60_000 }),
);
beforeAll(() => {
  heldBefore = process.memoryUsage().rss;
});

async function filesLeft(): Promise<string[]> {
  return (await readdir(processor.tmpDir, { recursive: true })).filter((name) => name.endsWith('.pdf'));
}

/** What a call is answered with: its status, and its code where it is refused. */
async function outcome(path: string, body: string, headers: Record<string, string> = {}): Promise<string> {
  // Bodies take so long to make that an idle connection would be closed meanwhile.
  const response = await fetch(processor.url + path, {
    method: 'POST',
    body,
    headers: { connection: 'close', ...headers },
  });
  const said = (await response.json()) as { code?: string; detail?: string };
  if (response.status !== 200) expect(said.detail).toMatch(/^[A-Z][^]{0,400}\.$/);
  return [response.status, said.code].filter((part) => part !== undefined).join(' ');
}

const INVALID = '400 invalid_request';
const list = (item: string, count: number) => `[${Array.from({ length: count }, () => item).join(',')}]`;

describe.each<[string, (value: string) => string]>([
  ['/embed', (texts) => `{"texts":${texts}}`],
  [
    '/chunk',
    (segments) => `{"text":"a","strategy":"page","chunk_size":32,"chunk_overlap":0,"segments":${segments}}`,
  ],
])('%s refuses', (path, bodyOf) => {
  it.each<[string, () => string]>([
    ['nothing', () => ''],
    ['another type', () => 'null'],
    ['a list', () => '[]'],
    ['half of a body', () => bodyOf('["a"').slice(0, -1)],
    ['nothing in a list', () => bodyOf('[null]')],
    ['a list that is none', () => bodyOf('"a"')],
    ['lists within lists', () => bodyOf('['.repeat(15_000_000))],
    ['millions of faults', () => bodyOf(list('""', 5_000_000))],
    ['millions of objects', () => bodyOf(list('{}', 5_000_000))],
  ])('%s', async (_, body) => {
    expect(await outcome(path, body())).toBe(INVALID);
    expect((process.memoryUsage().rss - heldBefore) / MIB).toBeLessThan(MAX_HELD_MIB);
  });

  it('what is larger than may be', async () => {
    expect(await outcome(path, bodyOf(`["${'x'.repeat(20_000_000)}"]`))).toBe('413 body_too_large');
  });
});

describe('/embed', () => {
  const texts = (value: unknown) => outcome('/embed', JSON.stringify({ texts: value }));

  it('refuses no texts, too many and too long ones', async () => {
    expect(await texts([])).toBe(INVALID);
    expect(await texts(Array.from({ length: 257 }, () => 'a'))).toBe(INVALID);
    expect(await texts(Array.from({ length: 100_000 }, () => 'a'))).toBe(INVALID);
    expect(await texts(['x'.repeat(10_001)])).toBe(INVALID);
  });

  it('takes any characters, half ones among them', async () => {
    expect(await texts(['\ud83d', '\udc4d a', '\0', '\u200d', '\uffff', ' '])).toBe('200');
  });
});

describe('/parse refuses', () => {
  const form = (head: string) => `--b\r\n${head}\r\n\r\nwords\r\n--b--\r\n`;
  const parse = (body: string, type = 'multipart/form-data; boundary=b') =>
    outcome('/parse', body, { 'content-type': type });
  const FILE = 'content-disposition: form-data; name="file"; filename="a.txt"';

  it.each<[string, () => Promise<string>]>([
    ['a body without a type', () => parse(form(FILE), '')],
    ['a form without a boundary', () => parse(form(FILE), 'multipart/form-data')],
    ['another boundary', () => parse(form(FILE), 'multipart/form-data; boundary=c')],
    ['a form that does not end', () => parse(form(FILE).slice(0, -8))],
    ['a part without a name', () => parse(form('content-disposition: form-data'))],
    ['a field that is no file', () => parse(form('content-disposition: form-data; name="file"'))],
    ['a header that is too long', () => parse(form(`x: ${'x'.repeat(1_000_000)}\r\n${FILE}`))],
  ])('%s', async (_, refused) => {
    expect(await refused()).toBe(INVALID);
  });

  it('a body of another length than it says', async () => {
    const { hostname, port } = new URL(processor.url);
    const said = async (contentLength: number, goes = false) => {
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST /parse HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\n` +
          `content-length: ${contentLength}\r\n\r\n${form(FILE)}`,
      );
      if (goes) socket.end();
      return (await text(socket)).split('\r\n', 1)[0];
    };
    const { length } = form(FILE);
    expect(await said(length)).toBe('HTTP/1.1 200 OK');
    expect(await said(length - 9)).toBe('HTTP/1.1 400 Bad Request');
    expect(await said(length + 9, true)).not.toBe('HTTP/1.1 200 OK');
    // In whole, and gone before it is answered.
    expect(await said(length, true)).toBe('');
  });
});

it('whatever came, no child was lost to it, no file is left, and the next call is answered', async () => {
  const losses = processor.lines.filter((line) => line.startsWith('a child is replaced'));
  expect(losses.filter((line) => !line.includes('its caller went away'))).toEqual([]);
  await expect.poll(filesLeft).toEqual([]);
  expect((await fetch(`${processor.url}/health`)).status).toBe(200);
});
