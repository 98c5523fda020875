import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ParseEvent } from '../../../../src/contract/services/processor.ts';
import { ProcessorError } from '../../../../src/processor/errors.ts';
import { encodingOf } from '../../../../src/processor/parsers/detect/decode-text.ts';
import { parseDocument } from '../../../../src/processor/parsers/document.ts';
import { normalize } from '../../../../src/processor/parsers/normalize.ts';
import { compoundFile } from '../../../documents/formats/legacy/legacy-files.ts';
import { documentPath } from '../../../documents/documents.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processor-documents-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function collect(events: AsyncIterable<ParseEvent>): Promise<ParseEvent[]> {
  const collected: ParseEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

interface Given {
  filename?: string;
  mediaType?: string;
  maxTextChars?: number;
}

async function parse(content: Uint8Array | string, given: Given = {}) {
  const path = join(folder, 'upload.pdf');
  await writeFile(path, content);
  const { filename = 'a.txt', mediaType = 'application/octet-stream', maxTextChars = 1e6 } = given;
  const events = await collect(parseDocument({ path, filename, mediaType }, { maxTextChars }));
  const end = events.at(-1);
  return {
    text: events.map((event) => (event.type === 'segment' ? event.text : '')).join(''),
    metadata: end?.type === 'end' ? end.metadata : undefined,
  };
}

async function failure(...args: Parameters<typeof parse>) {
  const error = await parse(...args).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProcessorError);
  const { code, message } = error as ProcessorError;
  return { code, message };
}

const TABLES = new Map<string, ReadonlyMap<string, readonly number[]>>();

/** The bytes of a text in a legacy encoding: what its decoder turns into the text. */
function encode(text: string, encoding: string): Buffer {
  const bytesOf = TABLES.get(encoding) ?? tableOf(encoding);
  TABLES.set(encoding, bytesOf);
  return Buffer.from(Array.from(text).flatMap((char) => bytesOf.get(char) ?? []));
}

/** Makes the table from each character of an encoding to its bytes. */
function tableOf(encoding: string): Map<string, number[]> {
  const decoder = new TextDecoder(encoding);
  const bytesOf = new Map<string, number[]>();
  for (let first = 0; first < 256; first++) {
    for (let second = 0x40; second < 256; second++)
      bytesOf.set(decoder.decode(Uint8Array.of(first, second)), [first, second]);
  }
  for (let byte = 0; byte < 256; byte++) bytesOf.set(decoder.decode(Uint8Array.of(byte)), [byte]);
  return bytesOf;
}

it('the title of a plain text is the heading of the whole text', async () => {
  const path = join(folder, 'upload.txt');
  await writeFile(path, 'Notes on the harbour\n\nThe pier is closed.');
  const events = await collect(
    parseDocument({ path, filename: 'a.txt', mediaType: 'text/plain' }, { maxTextChars: 1e6 }),
  );
  expect(events[0]).toMatchObject({ type: 'segment', heading: 'Notes on the harbour' });
});

describe('the encoding of a text', () => {
  const english = 'Plain words in plain letters, as most of any file is.\n';
  it.each([
    ['windows-1252', 'Le café est fermé à midi, voilà. “Déjà vu” – naïve'],
    ['windows-1252', 'Die Größe überrascht uns schön – 20 €'],
    ['windows-1252', '© 2020 Acme, 25 °C'],
    ['windows-1252', 'naïve'],
    [
      'windows-1250',
      'Każdy człowiek ma prawo do życia, wolności i bezpieczeństwa swojej osoby. Nikt nie może być poddany torturom ani też okrutnemu, nieludzkiemu lub poniżającemu traktowaniu albo karaniu. Wszyscy są równi wobec prawa i mają prawo, bez jakiejkolwiek różnicy, do jednakowej ochrony prawnej.',
    ],
    [
      'windows-1251',
      'В воскресенье мы пошли гулять в парк, потому что погода была прекрасная. Потом вернулись домой.',
    ],
    [
      'koi8-r',
      'В воскресенье мы пошли гулять в парк, потому что погода была прекрасная. Потом вернулись домой.',
    ],
    ['ibm866', 'Программа установки проверяет, хватает ли места на диске C: и сколько памяти есть у машины.'],
    ['x-mac-cyrillic', 'Я живу в Москве. Моя семья и друзья живут в Петербурге, а работа у меня «дома».'],
    ['windows-1251', 'Он сказал: Я приду завтра.'],
    ['windows-1251', 'Київ є столицею України та найбільшим містом, розташованим на березі Дніпра.'],
    ['windows-1251', 'ПОНИЖАЕТ ГРОМКОСТЬ'],
    ['koi8-r', 'ВНУТРЕННЕЕ ДОПОЛНЕНИЕ ПО ШИРИНЕ'],
    ['windows-1252', '---> La mmucca saltòò finnoo allaa lunnna.'],
    ['iso-8859-7', 'Σελίδες ανά φύλλο'],
    ['windows-1255', 'לא נמצאו יישומים עבור „%s”.'],
    ['windows-1256', "فشل فتح الملف '%s': %s"],
    ['iso-8859-8', 'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.'],
    ['gb18030', '他说明天会来。'],
    ['gb18030', 'Version 2.0: 修复了登录页面在手机上不能打开的问题，感谢大家的反馈。'],
    ['big5', '他說明天會來。'],
    ['big5', '修正了登入頁面在手機上不能開啟的問題，感謝大家的回饋。'],
    ['euc-kr', '회의는 내일 오후에 있습니다.'],
    ['euc-kr', '서울특별시 강남구에 위치한 본사에서 신제품 발표회를 개최할 예정입니다.'],
    ['shift_jis', '名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n'],
    ['euc-jp', '名前,年齢,都市\n山田太郎,34,東京\n'],
    ['euc-jp', '会議は明日の午後にあります。'],
    [
      'windows-1252',
      'È vero, ma è già così: l’università è là, e perciò è più cara. Perché? Né più né meno.',
    ],
    ['windows-1252', 'À côté de l’école, à Noël; où êtes-vous? Là où l’été est né, très à l’aise.'],
    ['shift_jis', 'これは日本語のテキストです。文字コードを正しく判定できるかどうかを確認します。'],
    ['shift_jis', '私は学生です。'],
    ['shift_jis', 'カナ'],
    ['euc-jp', 'これは日本語のテキストです。文字コードを正しく判定できるかどうかを確認します。'],
    ['euc-kr', '이것은 한국어로 작성된 텍스트입니다. 문자 인코딩을 올바르게 감지하는지 확인합니다.'],
    ['gb18030', '这是一段用来测试字符编码检测的中文文本，我们希望它能够被正确识别。'],
    ['big5', '這是一段用來測試字元編碼偵測的中文文字，我們希望它能夠被正確識別。'],
  ])('is found: %s', async (encoding, text) => {
    // The bytes that tell the encoding may come late.
    for (const lead of ['', english.repeat(2000)]) {
      const parsed = await parse(Buffer.concat([Buffer.from(lead), encode(text, encoding)]));
      expect(parsed).toEqual({ text: lead + text, metadata: { media_type: 'text/plain', encoding } });
    }
  });

  it('is not taken for UTF-16 because of a zero at its end', async () => {
    const { text, metadata } = await parse(Buffer.from('this is a test\n\0'));
    expect([text.trim(), metadata?.['encoding']]).toEqual(['this is a test', 'utf-8']);
  });

  it.each([
    ['utf-8', Buffer.from('Größe 日本 😀')],
    ['utf-8', Buffer.from('\ufeffGröße 日本 😀')],
    ['utf-16le', Buffer.from('\ufeffGröße 日本 😀', 'utf16le')],
    ['utf-16be', Buffer.from('\ufeffGröße 日本 😀', 'utf16le').swap16()],
    ['utf-16le', Buffer.from('Größe 日本 😀', 'utf16le')],
    ['utf-16be', Buffer.from('Größe 日本 😀', 'utf16le').swap16()],
  ])('is found: %s, with a byte order mark or without', async (encoding, bytes) => {
    expect(await parse(bytes)).toEqual({
      text: 'Größe 日本 😀',
      metadata: { media_type: 'text/plain', encoding },
    });
  });

  it('is found for a text of any length', () => {
    expect(encodingOf(Buffer.alloc(34_000_000, encode('人の', 'shift_jis')))).toBe('shift_jis');
  });

  it('is found: utf-32le', async () => {
    const points = Array.from('\ufeffGröße 日本 😀', (char) => char.codePointAt(0)!);
    expect(await parse(Buffer.from(Uint32Array.from(points).buffer))).toEqual({
      text: 'Größe 日本 😀',
      metadata: { media_type: 'text/plain', encoding: 'utf-32le' },
    });
  });

  it('is found for ASCII with escape sequences', async () => {
    const bytes = Buffer.from('A: \x1b$B$3$l$OF|K\\8l$G$9\x1b(B.\n', 'latin1');
    expect((await parse(bytes)).text).toBe('A: これは日本語です.\n');
    expect((await parse('\x1b$B is an escape')).text).toContain('is an escape');
  });

  it('stays UTF-8 where a few bytes are damaged', async () => {
    const bytes = Buffer.concat([Buffer.from('Größe über alles, '.repeat(50)), Buffer.of(0xff)]);
    expect((await parse(bytes)).text).toBe(`${'Größe über alles, '.repeat(50)}\ufffd`);
    const short = Buffer.concat([Buffer.from('Größer und schöner, '), Buffer.of(0xe9)]);
    expect((await parse(short)).text).toBe('Größer und schöner, \ufffd');
  });
});

describe('the text', () => {
  it('has \\n line ends, no NUL and no half surrogate pairs', async () => {
    expect((await parse(`a\r\nb\rc\nd${' padding'.repeat(50)}\0e`)).text).toBe(
      `a\nb\nc\nd${' padding'.repeat(50)} e`,
    );
    expect(normalize('a\ud83d b')).toBe('a\ufffd b');
  });

  it('may be as long as allowed, and no longer', async () => {
    expect((await parse('x'.repeat(100), { maxTextChars: 100 })).text).toHaveLength(100);
    expect(await failure('x'.repeat(101), { maxTextChars: 100 })).toMatchObject({ code: 'text_too_long' });
    // The limit counts characters, not bytes. The reader refuses a far too long file unread.
    expect((await parse('語'.repeat(100), { maxTextChars: 100 })).text).toHaveLength(100);
    expect(await failure('x'.repeat(401), { maxTextChars: 100 })).toMatchObject({ code: 'text_too_long' });
  });

  it('may not be blank', async () => {
    expect(await failure('')).toMatchObject({ code: 'no_text' });
    expect(await failure(' \n\t\ufeff')).toMatchObject({ code: 'no_text' });
    expect(await failure('\n', { filename: 'a.md' })).toMatchObject({ code: 'no_text' });
  });
});

const OLD_SLIDES = compoundFile({ 'PowerPoint Document': Buffer.alloc(5000) });

describe('the type of a file', () => {
  it.each<[string, Given, string]>([
    ['a.txt', {}, 'text/plain'],
    ['A.LOG', {}, 'text/plain'],
    ['README', {}, 'text/plain'],
    ['v1.2 of the notes', {}, 'text/plain'],
    ['', {}, 'text/plain'],
    ['a.md', {}, 'text/markdown'],
    ['notes', { mediaType: 'text/markdown' }, 'text/markdown'],
    ['a.unknown', { mediaType: 'text/plain' }, 'text/plain'],
    ['a.unknown', { mediaType: 'application/pdf' }, 'text/plain'],
    ['a.py', {}, 'text/plain'],
    ['a.doc', {}, 'text/plain'],
    ['a.xls', {}, 'text/csv'],
    ['../../etc/passwd', {}, 'text/plain'],
  ])('is told by its name, else by what was declared: %j', async (filename, given, media_type) => {
    const { metadata } = await parse('# Some text\n', { filename, ...given });
    expect(metadata).toMatchObject({ media_type });
  });

  it.each<[string, Uint8Array | string, string]>([
    ['a.ppt', OLD_SLIDES, 'an old PowerPoint presentation. Save it as .pptx'],
    ['a', OLD_SLIDES, 'an old Office document'],
    ['a.txt', 'PK\x05\x06rest', 'an empty ZIP archive'],
    ['a.txt', 'GIF89a', 'a GIF image'],
  ])('is named where it is not supported: %j', async (filename, content, name) => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
    const { code, message } = await failure(bytes, { filename });
    expect(code).toBe('unsupported_type');
    expect(message).toBe(`This type of file is not supported. It seems to be ${name}.`);
  });

  it('is not text if the bytes are binary', async () => {
    const junk = Buffer.from(
      Array.from({ length: 5000 }, (_, index) => (index * 7919 + (index >> 3) * 31) % 256),
    );
    for (const filename of ['a.txt', 'a.md', 'a']) {
      expect(await failure(junk, { filename })).toMatchObject({ code: 'unsupported_type' });
    }
  });

  it('is PDF by its header, which may come late, but not if a text only quotes the header', async () => {
    const pdf = { code: 'corrupt' };
    expect(await failure('%PDF-1.4 garbage', { filename: 'a.txt' })).toMatchObject(pdf);
    expect(await failure(`${' '.repeat(900)}%PDF-1.4 garbage`, { filename: 'a' })).toMatchObject(pdf);
    expect((await parse('The header is %PDF-1.4')).text).toBe('The header is %PDF-1.4');
    expect(await failure('no header at all', { filename: 'a.pdf' })).toMatchObject(pdf);
  });
});

const read = async (name: string, maxTextChars = 20_000_000) =>
  collect(parseDocument({ path: await documentPath(name), filename: 'x', mediaType: '' }, { maxTextChars }));

describe('a PDF', () => {
  it('has a segment for each page and heading, pages apart, and the right page for each sentence', async () => {
    const events = await read('gazetteer-13p.pdf');
    const segments = events.filter((event) => event.type === 'segment');
    const pageOf = (words: string) =>
      segments.filter(({ text }) => text.replace(/\s+/g, ' ').includes(words)).map(({ page }) => page);
    expect(pageOf('The lighthouse on Gannet Point was lit for the first time on 3 October 1841')).toEqual([
      2,
    ]);
    expect(pageOf('The common seal is smaller and has a face')).toEqual([13]);
    expect(segments.every(({ page, heading }) => page !== undefined && heading !== undefined)).toBe(true);
    const pages = segments.map(({ page }) => page!);
    expect(pages).toEqual(pages.toSorted((a, b) => a - b));
    expect(new Set(pages)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]));
    for (const [index, { page, text }] of segments.entries()) {
      const next = segments[index + 1];
      if (next && next.page !== page) expect(text).toMatch(/\S\n\n$/);
      if (!next) expect(text).toMatch(/\S$/);
    }
    expect(events.at(-1)).toEqual({ type: 'end', metadata: { media_type: 'application/pdf', pages: 13 } });
  });

  it('shows its progress, page for page of the real total', async () => {
    const events = await read('guide-76p-damaged.pdf');
    expect(events.filter((event) => event.type === 'progress')).toEqual(
      [20, 40, 60, 76].map((pages_done) => ({ type: 'progress', pages_done, pages_total: 76 })),
    );
  });

  it('is read until the text is too long', async () => {
    await expect(read('gazetteer-13p.pdf', 10_000)).rejects.toMatchObject({ code: 'text_too_long' });
  });
});
