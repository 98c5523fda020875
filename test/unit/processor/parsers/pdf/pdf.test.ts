import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { ParseEvent } from '../../../../../src/contract/services/processor.ts';
import { withSpelling } from '../../../../../src/processor/parsers/pdf/pdf-ligatures.ts';
import { pageMarkdown } from '../../../../../src/processor/parsers/pdf/pdf-lines.ts';
import { openWithPdfjs } from '../../../../../src/processor/parsers/pdf/pdf-readers.ts';
import { betterText, parsePdf } from '../../../../../src/processor/parsers/pdf/pdf.ts';
import { documentPath } from '../../../../documents/documents.ts';
import { laughingPdf } from '../../../../helpers/documents/bombs.ts';
import { pdf, textAt } from '../../../../helpers/documents/pdf-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processor-pdf-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(file: string) {
  const events: ParseEvent[] = [];
  for await (const event of parsePdf(file, 10_000)) events.push(event);
  const found = events.filter((event) => event.type === 'segment');
  return {
    text: found.map(({ text }) => text).join(''),
    places: found.map(({ page, heading }) => [page, heading]),
    end: events.at(-1),
  };
}

async function readBytes(bytes: Uint8Array) {
  const path = join(folder, 'upload.pdf');
  await writeFile(path, bytes);
  return read(path);
}

const brotli = { filter: 'BrotliDecode', bytes: brotliCompressSync };

/** Letters of an alphabet as a simple font has them: by codes from 0x41 on. */
function font(letters: string) {
  const codes = new Map(Array.from(letters, (letter, index) => [letter, 0x41 + index]));
  const toUnicode = new Map([...codes].map(([letter, code]) => [code, letter]));
  // As they stand on the page, the last letter is leftmost.
  const drawn = (text: string) =>
    Array.from(text, (letter) => (letter === ' ' ? ' ' : String.fromCharCode(codes.get(letter)!)))
      .toReversed()
      .join('');
  return { toUnicode, drawn };
}

it('reads Hebrew and Arabic in the order in which they are written', async () => {
  const hebrew = 'שלום עולם טוב';
  const { toUnicode, drawn } = font('שלוםעטב0123');
  const page =
    textAt(drawn('שלום'), [400, 700], 24) +
    // One word after the other, each a piece of its own, not from right to left.
    textAt(drawn('עולם'), [400, 650]) +
    textAt(drawn('שלום'), [440, 650]) +
    textAt(drawn('טוב'), [360, 650]) +
    textAt(drawn('10'), [320, 650]);
  const { text, places } = await readBytes(pdf([page], { toUnicode }));
  expect(text).toBe(`# שלום\n\n${hebrew} 01`);
  expect(places).toEqual([[1, 'שלום']]);

  // Fonts have letters as they look within a word, and two of them joined: these are the alphabet's.
  const arabic = font('ﺳﻼﻡ');
  const forms = await readBytes(
    pdf([textAt(arabic.drawn('ﺳﻼﻡ'), [400, 650])], { toUnicode: arabic.toUnicode }),
  );
  expect(forms.text).toBe('سلام');
});

it('reads Arabic letters that are drawn as one in their order', async () => {
  // Drawn from the left: "كلا الحالات قال الخط", each ligature by one code.
  const letters = ['ا', 'لا', 'ق', 'ل', 'ح', 'ت', 'ك', 'لخ', 'ط'];
  const toUnicode = new Map(letters.map((text, index) => [0x41 + index, text]));
  const { text } = await readBytes(pdf([textAt('IHA DAC FBAEDA BG', [300, 650])], { toUnicode }));
  expect(text).toBe('كلا الحالات قال الخط');
  toUnicode.set(0x48, '\ufccb');
  expect((await readBytes(pdf([textAt('IHA', [300, 650])], { toUnicode }))).text).toBe('الخط');
});

it('looks for the words of a line, however long one is', () => {
  const word = 'ا'.repeat(6_000_000);
  expect(withSpelling(`${word} طخلا`, new Map([['طخلا', 'الخط']]))).toBe(`${word} الخط`);
});

it('separates words where the direction of a line changes, and not the pieces of one word', () => {
  const item = (str: string, x: number, width: number) => ({
    str,
    transform: [12, 0, 0, 12, x, 700],
    width,
    hasEOL: false,
  });
  expect(
    pageMarkdown([item('בשפת', 163, 40), item('Python', 120, 40), item('ל', 111, 6), item('מדו', 100, 11)]),
  ).toBe('בשפת Python למדו');
});

it('puts brackets and the ends of sentences where they belong in Hebrew', () => {
  const line = (pieces: readonly string[]) =>
    pageMarkdown(
      pieces.map((str, index) => ({
        str,
        transform: [12, 0, 0, 12, 100 + index * 50, 700],
        width: 50,
        hasEOL: index === pieces.length - 1,
      })),
    );
  // From the left, as they are drawn: the brackets the other way round, or as they are meant.
  const meant = 'היו 3,500 (לעומת 3,000). העלייה: 16.7%!';
  expect(line(['!16.7%', ' ', '. העלייה:', '(', '3,000', ' ', 'לעומת', ')', ' ', '3,500', ' ', 'היו'])).toBe(
    meant,
  );
  expect(line(['!16.7%', ' ', '. העלייה:', ')', '3,000', ' ', 'לעומת', '(', ' ', '3,500', ' ', 'היו'])).toBe(
    meant,
  );
});

it('reads with the second reader a page on which the first finds nothing', async () => {
  const pages = [
    textAt('First page.', [50, 700]) + textAt('More.', [50, 685]),
    textAt('Last page.', [50, 700]),
  ];
  const { text, places, end } = await readBytes(pdf(pages, { encode: brotli }));
  expect(text).toBe('First page.\nMore.\n\nLast page.');
  expect(places).toEqual([
    [1, undefined],
    [2, undefined],
  ]);
  expect(end).toEqual({ type: 'end', metadata: { pages: 2 } });
});

it('names the reason for a PDF without text', async () => {
  await expect(readBytes(pdf(['0 0 m 9 9 l S']))).rejects.toMatchObject({ code: 'no_text_layer' });
  await expect(readBytes(pdf([]))).rejects.toMatchObject({ code: 'corrupt' });
  await expect(readBytes(Buffer.from('%PDF-1.7\n%%EOF'))).rejects.toMatchObject({ code: 'corrupt' });
});

it('counts the pages that it cannot read, but not those that are blank', async () => {
  const drawn = '0 0 m 200 300 l S';
  const pages = [textAt('First page.', [50, 700]), '', drawn, textAt(' ', [50, 700]), drawn];
  const metadata = { pages: 5, pages_unread: 2 };
  expect((await readBytes(pdf(pages))).end).toEqual({ type: 'end', metadata });
  const packed = await readBytes(pdf([pages[0]!, '', drawn], { encode: brotli }));
  expect(packed.end).toMatchObject({ metadata: { pages: 3, pages_unread: 1 } });
});

it('counts a page that draws without end as unread', async () => {
  const path = join(folder, 'endless.pdf');
  await writeFile(path, laughingPdf(''));
  const endless = await openWithPdfjs(path);
  expect(await endless.readPage(1)).toMatchObject({ text: '', isDrawn: true });
  expect(await endless.readPage(1)).toMatchObject({ text: '', isDrawn: true });
});

it('leaves out the marks of emphasis, which cut words apart', async () => {
  const { text } = await read(await documentPath('emphasis.pdf'));
  expect(text).toContain('by its design complementary to the keeper');
  expect(text).toMatch(/Nobody can say\s+why the bishop came, or when he left/);
  expect(text).not.toContain('*');
});

it('keeps backslashes as they are', async () => {
  const words = String.raw`C:\temp\*.txt, \\host\a_b`;
  expect((await readBytes(pdf([textAt(words, [72, 700])]))).text).toBe(words);
});

it('keeps the text of the first reader if the second finds nothing, or cannot tell the letters', () => {
  expect(betterText('', 'words')).toBe('words');
  expect(betterText('םולש', 'שלום')).toBe('שלום');
  expect(betterText('םולש', 'ՕծՋ')).toBe('םולש');
  expect(betterText('words', ' ')).toBe('words');
});

it('keeps text at the edge of every page once', async () => {
  const page = (words: string) =>
    textAt('May 5, 2023', [50, 780]) + textAt(words, [50, 400]) + textAt('To whom it may concern', [50, 20]);
  const { text } = await readBytes(pdf(['First words.', 'Other words.', 'Last words.'].map(page)));
  expect(text.match(/May 5, 2023/g)).toHaveLength(1);
  expect(text.match(/To whom it may concern/g)).toHaveLength(1);
});
