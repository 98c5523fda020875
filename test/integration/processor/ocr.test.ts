import { beforeAll, describe, expect, test } from 'vitest';

import type { ParseEvent } from '../../../src/contract/services/processor.ts';
import { SCANNED_LINES } from '../../documents/formats/scan.ts';
import { inner, mailWith } from '../../helpers/documents/mails.ts';
import { pdf, textAt } from '../../helpers/documents/pdf-files.ts';
import { photo, scannedPdf, sheet } from '../../helpers/documents/scans.ts';
import {
  events,
  NDJSON,
  parsed,
  problem,
  Processor,
  useOneProcessor,
  useProcessor,
  words,
} from '../../helpers/processors/small-processor.ts';

let processor: Processor;

const WORDS = SCANNED_LINES.join(' ');
const CUT = { strategy: 'page', chunk_size: '512', chunk_overlap: '0' };

function form(bytes: Uint8Array<ArrayBuffer>, filename: string): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(CUT)) body.set(name, value);
  body.set('file', new File([bytes], filename));
  return body;
}

const parse = (bytes: Uint8Array<ArrayBuffer>, filename = 'a.pdf', init: RequestInit = {}) =>
  fetch(`${processor.url}/parse`, { method: 'POST', body: form(bytes, filename), ...init });

const bytesOf = (buffer: Buffer) => new Uint8Array(buffer);
const ofType = <T extends ParseEvent['type']>(lines: readonly ParseEvent[], type: T) =>
  lines.filter((line): line is Extract<ParseEvent, { type: T }> => line.type === type);

describe('one processor', () => {
  const shared = useOneProcessor();
  beforeAll(() => {
    processor = shared;
  });

  test('pages of text and scans are read in their order, and marked', async () => {
    const bytes = await scannedPdf([
      { text: 'The very first page.' },
      { text: 'First page.' },
      { image: sheet() },
      { text: 'Third page.' },
      { image: sheet().rotate(180) },
    ]);
    const whole = await parsed(await parse(bytes));
    const pages = whole.segments.map(({ start, end, page, ocr }) => [
      page,
      ocr,
      words(whole.text.slice(start, end)).trim(),
    ]);
    expect(pages).toEqual([
      [1, undefined, 'The very first page.'],
      [2, undefined, 'First page.'],
      [3, true, WORDS],
      [4, undefined, 'Third page.'],
      [5, true, WORDS],
    ]);
    expect(whole.metadata).not.toHaveProperty('pages_unread');
    expect(whole.chunks?.map(({ page, ocr }) => [page, ocr])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, true],
      [4, undefined],
      [5, true],
    ]);

    const lines = await events(await parse(bytes, 'a.pdf', { headers: NDJSON }));
    const segments = ofType(lines, 'segment');
    expect(segments.map(({ text }) => text).join('')).toBe(whole.text);
    expect(ofType(lines, 'chunk')).toEqual(whole.chunks?.map((chunk) => ({ type: 'chunk', ...chunk })));
    const progress = ofType(lines, 'progress');
    const done = progress.map(({ pages_done }) => pages_done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect([done[0], done.at(-1)]).toEqual([3, 5]);
    expect(
      progress.filter(({ ocr_total }) => ocr_total !== undefined).map(({ ocr_done }) => ocr_done),
    ).toEqual([0, 1, 2]);
  });

  test.each(['png', 'jpeg', 'tiff', 'webp'] as const)('an image of type %s is a document', async (format) => {
    const { text, metadata, segments } = await parsed(
      await parse(bytesOf(await sheet().toFormat(format).toBuffer()), 'scan'),
    );
    expect(words(text).trim()).toBe(WORDS);
    expect(metadata).toMatchObject({ media_type: `image/${format}`, pages: 1 });
    expect(segments.every(({ page, ocr }) => page === 1 && ocr === true)).toBe(true);
  });

  test('a page that OCR cannot read is counted, and fails only a document without any text', async () => {
    const image = photo();
    const { metadata } = await parsed(await parse(await scannedPdf([{ text: 'Text.' }, { image }])));
    expect(metadata).toMatchObject({ pages: 2, pages_unread: 1 });
    const refused = { status: 422, code: 'no_text_layer' };
    expect(await problem(await parse(await scannedPdf([{ image }])))).toEqual(refused);
    expect(await problem(await parse(bytesOf(await image.png().toBuffer()), 'a.png'))).toEqual(refused);
    const cutOff = bytesOf((await image.png().toBuffer()).subarray(0, 20));
    expect(await problem(await parse(cutOff, 'a.png'))).toMatchObject({ code: 'corrupt' });
  });

  test('scans and images in a mail are read below their names, also in an attached mail', async () => {
    const image = await sheet().png().toBuffer();
    const attached = mailWith([{ name: 'deep.png', content: image }], 'Within.');
    const mail = mailWith([
      { name: 'scan.pdf', content: await scannedPdf([{ image: sheet() }, { image: photo() }]) },
      { name: 'photo.jpg', content: await photo().jpeg().toBuffer() },
      { type: 'message/rfc822', name: 'fw.eml', content: inner(attached, 'i') },
      { name: 'last.png', content: image },
    ]);
    const { text, segments, metadata } = await parsed(await parse(bytesOf(Buffer.from(mail)), 'a.eml'));
    const read = segments.filter(({ ocr }) => ocr);
    expect(read.map(({ heading, page }) => [heading, page])).toEqual([
      ['Outer > scan.pdf', 1],
      ['Outer > Outer > deep.png', 1],
      ['Outer > last.png', 1],
    ]);
    for (const { start, end } of read) expect(words(text.slice(start, end))).toContain(WORDS);
    expect(text).toContain('Attachments:\n- photo.jpg (no text recognized)\n\n');
    expect(metadata).toMatchObject({ media_type: 'message/rfc822', pages_unread: 2 });

    const lines = await events(await parse(bytesOf(Buffer.from(mail)), 'a.eml', { headers: NDJSON }));
    const progress = ofType(lines, 'progress');
    const done = progress.map(({ pages_done }) => pages_done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(progress.every(({ pages_done, pages_total }) => pages_done <= pages_total)).toBe(true);
    expect(progress.at(-1)).toMatchObject({ pages_done: 5, pages_total: 5 });
  });

  test('a scan with a stamp is read, and a page with a background keeps its own text', async () => {
    const stamped = await parsed(await parse(await scannedPdf([{ text: 'Received.', image: sheet() }])));
    expect(words(stamped.text)).toContain('The goat was granted without a vote.');
    expect(stamped.segments[0]?.ocr).toBe(true);
    const slide = await parsed(await parse(await scannedPdf([{ text: 'A title.', image: photo() }])));
    expect([slide.text, slide.segments[0]?.ocr, slide.metadata['pages_unread']]).toEqual([
      'A title.',
      undefined,
      undefined,
    ]);
  });

  test('a page whose font names wrong letters is read by OCR, never as nonsense', async () => {
    const lines = [
      'The goat was granted without a vote to the council.',
      'Nobody knew why it had been granted so soon.',
      'The mason asks for nine hundred crowns, and a goat.',
    ];
    const page = lines.map((line, index) => textAt(line, [50, 700 - 20 * index])).join('');
    const letters = Array.from({ length: 26 }, (_, index) => 0x61 + index);
    const wrong = new Map(
      letters.map((code) => [code, String.fromCharCode(0x61 + ((code - 0x61 + 3) % 26))]),
    );
    const lying = await parsed(await parse(bytesOf(pdf([page], { toUnicode: wrong }))));
    expect([words(lying.text), lying.segments[0]?.ocr]).toEqual([lines.join(' '), true]);
    const honest = await parsed(await parse(bytesOf(pdf([page]))));
    expect([words(honest.text), honest.segments[0]?.ocr]).toEqual([lines.join(' '), undefined]);
  });

  test('text that was sent before the first scan is not sent again', async () => {
    const text = Array.from({ length: 41 }, (_, page) => ({ text: `Page ${page} says this.` }));
    const bytes = await scannedPdf([...text, { image: sheet() }]);
    const whole = await parsed(await parse(bytes));
    const lines = await events(await parse(bytes, 'a.pdf', { headers: NDJSON }));
    const sent = ofType(lines, 'segment').map((segment) => segment.text);
    expect(sent.join('')).toBe(whole.text);
    expect(words(whole.text)).toContain(`Page 40 says this. ${WORDS}`);
  });
});

describe('a processor of its own', () => {
  useProcessor(() => processor);

  test('other documents are read between the pages of a long scan', async () => {
    processor = await Processor.start({ children: 2 });
    const pages = Array.from({ length: 12 }, () => ({ image: sheet() }));
    const ended: string[] = [];
    const scan = parse(await scannedPdf(pages), 'a.pdf', { headers: NDJSON });
    const book = scan.then(async (response) => {
      await events(response);
      ended.push('scan');
    });
    await scan;
    const other = await parse(await scannedPdf([{ image: sheet() }]), 'b.pdf');
    await parsed(other);
    ended.push('one page');
    await parsed(await processor.parse('A memo.', 'memo.txt'));
    ended.push('memo');
    await book;
    expect(ended).toEqual(['one page', 'memo', 'scan']);
  });

  test('a child that dies of a page costs this page alone', async () => {
    processor = await Processor.start({ children: 1 });
    const pages = Array.from({ length: 3 }, () => ({ image: sheet() }));
    const response = await parse(await scannedPdf([{ text: 'Text.' }, ...pages]), 'a.pdf', {
      headers: NDJSON,
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"ocr_done":0')) text += (await reader.read()).value;
    for (const pid of Processor.pids()) process.kill(pid, 'SIGKILL');
    for (let piece; !(piece = await reader.read()).done;) text += piece.value;
    const lines = text.split('\n').filter((line) => line !== '');
    const end = JSON.parse(lines.at(-1)!) as ParseEvent;
    expect(end).toMatchObject({ type: 'end', metadata: { pages: 4, pages_unread: 1 } });
  });
});
