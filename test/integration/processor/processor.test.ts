import { describe, expect, it } from 'vitest';

import { CHUNKING_STRATEGIES } from '../../../src/contract/upload.ts';
import {
  BOOK,
  LONG_PDF,
  NDJSON,
  Processor,
  SHORTER_PDF,
  events,
  parsed,
  problem,
  useOneProcessor,
  useProcessor,
  words,
} from '../../helpers/processors/small-processor.ts';

describe('one processor', () => {
  const processor = useOneProcessor();

  it('reads every document, or says why not', async () => {
    const outcome = async (name: string) => {
      const response = await processor.parseFile(name);
      if (response.status !== 200) return (await problem(response)).code;
      const { text, metadata, segments } = await parsed(response);
      expect(segments[0]?.start).toBe(0);
      expect(segments.at(-1)?.end).toBe(text.length);
      for (const [index, { start, end }] of segments.entries()) {
        expect(end).toBeGreaterThan(start);
        expect(start).toBe(segments[index - 1]?.end ?? 0);
      }
      expect(text.isWellFormed() && !/[\0\r]/.test(text)).toBe(true);
      const type = String(metadata['media_type']).replace(
        /^application\/vnd\.(?:openxmlformats-|oasis\.)/,
        '',
      );
      return `${type} ${metadata['pages'] ?? metadata['encoding'] ?? ''}`.trim();
    };
    const names = [
      'paper-2p.pdf',
      'gazetteer-13p.pdf',
      SHORTER_PDF,
      'korean.pdf',
      'arabic.pdf',
      'copy-protected.pdf',
      'guide-76p-damaged.pdf',
      'password.pdf',
      'cut-off.pdf',
      'scan.pdf',
      'scan.png',
      'readme.md',
      'umlauts-latin-1.md',
      BOOK,
      'empty.txt',
      'table.docx',
      'handbook.docx',
      'annual-report.html',
      'slides.pptx',
      'slides-malformed.pptx',
      'regatta.xlsx',
      'regatta.csv',
      'notes.odt',
      'letter.rtf',
      'almanac.epub',
      'mail-base64.eml',
      'mail-utf-16.eml',
      'mail-attachments.eml',
      'message.msg',
      'winmail.dat',
      'letters.mbox',
      'report.doc',
      'regatta.xls',
      'article.xml',
      'talk.vtt',
      'password.xlsx',
    ];
    const outcomes = await Promise.all(names.map(outcome));
    expect(Object.fromEntries(names.map((name, index) => [name, outcomes[index]]))).toEqual({
      'paper-2p.pdf': 'application/pdf 2',
      'gazetteer-13p.pdf': 'application/pdf 13',
      'report-150p.pdf': 'application/pdf 150',
      'korean.pdf': 'application/pdf 1',
      'arabic.pdf': 'application/pdf 1',
      'cut-off.pdf': 'corrupt',
      'copy-protected.pdf': 'application/pdf 2',
      'guide-76p-damaged.pdf': 'application/pdf 76',
      'password.pdf': 'encrypted',
      'scan.pdf': 'application/pdf 1',
      'scan.png': 'image/png 1',
      'readme.md': 'text/markdown utf-8',
      'umlauts-latin-1.md': 'text/markdown windows-1252',
      'book.txt': 'text/plain utf-8',
      'empty.txt': 'no_text',
      'table.docx': 'officedocument.wordprocessingml.document',
      'handbook.docx': 'officedocument.wordprocessingml.document',
      'annual-report.html': 'text/html utf-8',
      'slides.pptx': 'officedocument.presentationml.presentation 3',
      'slides-malformed.pptx': 'officedocument.presentationml.presentation 3',
      'regatta.xlsx': 'officedocument.spreadsheetml.sheet 2',
      'regatta.csv': 'text/csv utf-8',
      'notes.odt': 'opendocument.text',
      'letter.rtf': 'application/rtf',
      'almanac.epub': 'application/epub+zip',
      'mail-base64.eml': 'message/rfc822',
      'mail-utf-16.eml': 'message/rfc822',
      'mail-attachments.eml': 'message/rfc822',
      'message.msg': 'application/vnd.ms-outlook',
      'winmail.dat': 'application/ms-tnef',
      'letters.mbox': 'application/mbox',
      'report.doc': 'application/msword',
      'regatta.xls': 'application/vnd.ms-excel 1',
      'article.xml': 'application/xml utf-8',
      'talk.vtt': 'text/vtt utf-8',
      'password.xlsx': 'encrypted',
    });
  });

  it('answers with the same text as JSON and as NDJSON, where progress shows', async () => {
    for (const name of ['gazetteer-13p.pdf', 'readme.md', BOOK]) {
      const { text, metadata, segments } = await parsed(await processor.parseFile(name));
      const lines = await events(await processor.parseFile(name, { headers: NDJSON }));
      const pieces = lines.filter((line) => line.type === 'segment');
      expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      expect(pieces.every((piece) => piece.text.length <= 64 * 1024)).toBe(true);
      expect(lines.at(-1)).toEqual({ type: 'end', metadata });
      expect([...new Set(pieces.map(({ page, heading }) => `${page} ${heading}`))]).toEqual([
        ...new Set(segments.map(({ page, heading }) => `${page} ${heading}`)),
      ]);
    }
    const lines = await events(await processor.parseFile(SHORTER_PDF, { headers: NDJSON }));
    const progress = lines.filter((line) => line.type === 'progress');
    expect(progress).toHaveLength(8);
    expect(progress.at(-1)).toEqual({ type: 'progress', pages_done: 150, pages_total: 150 });
    // It moves while it is read, not at the end.
    const first = lines.findIndex((line) => line.type === 'progress');
    expect(lines.slice(0, first).every((line) => line.type === 'segment' && line.page! <= 20)).toBe(true);
  });

  it('cuts a parsed PDF into chunks on the right pages', async () => {
    const { text, segments } = await parsed(await processor.parseFile('paper-2p.pdf'));
    for (const strategy of CHUNKING_STRATEGIES) {
      const chunks = await processor.chunk({ text, segments, strategy, chunk_size: 256 });
      expect(chunks.length).toBeGreaterThan(10);
      for (const chunk of chunks) {
        expect(chunk.text).toBe(text.slice(chunk.start, chunk.end));
        expect(chunk.text.length).toBeLessThanOrEqual(256);
        const home = segments.find(({ start, end }) => start <= chunk.start && chunk.start < end);
        expect(chunk.page).toBe(home?.page);
        expect(chunk.heading).toBe(home?.heading);
      }
      const pagesOf = (sentence: string) =>
        chunks.filter((chunk) => words(chunk.text).includes(sentence)).map(({ page }) => page);
      expect(new Set(pagesOf('Recent advances in the reading of drawn curves'))).toEqual(new Set([1]));
      expect(new Set(pagesOf('The sheets of the weather station at Brine End'))).toEqual(new Set([2]));
    }
  });
});

describe('a processor of its own', () => {
  let processor: Processor;
  useProcessor(() => processor);

  it('sends its first lines long before it has read the rest', async () => {
    processor = await Processor.start();
    const response = await processor.parseFile(LONG_PDF, { headers: NDJSON });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value ?? '';
    for (const pid of Processor.pids()) process.kill(pid, 'SIGKILL');
    for (let piece; !(piece = await reader.read()).done;) text += piece.value;
    expect(text).toContain('"type":"segment"');
    expect(text).toMatch(/"code":"parser_crashed"[^\n]*\n$/);
  });

  it('answers what is no upload with words', async () => {
    processor = await Processor.start({ maxUploadBytes: 100_000 });
    const invalid = { status: 400, code: 'invalid_request' };
    const post = (body: string | FormData, headers = {}) =>
      fetch(`${processor.url}/parse`, { method: 'POST', body, headers });
    expect(await problem(await post('{}', { 'content-type': 'application/json' }))).toEqual(invalid);
    expect(await problem(await post('x', { 'content-type': 'multipart/form-data' }))).toEqual(invalid);
    const cutOff = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntext';
    expect(await problem(await post(cutOff, { 'content-type': 'multipart/form-data; boundary=b' }))).toEqual(
      invalid,
    );
    const form = new FormData();
    form.set('other', new File(['text'], 'a.txt'));
    expect(await problem(await post(form))).toEqual(invalid);
    expect(await problem(await processor.parse(new Uint8Array(3_000_000), 'a.txt'))).toEqual({
      status: 413,
      code: 'body_too_large',
    });
    expect(await problem(await fetch(`${processor.url}/nothing`))).toEqual({
      status: 404,
      code: 'not_found',
    });
  });

  it('refuses a text that is too long, on the way', async () => {
    processor = await Processor.start({ maxTextChars: 100_000 });
    const tooLong = { status: 422, code: 'text_too_long' };
    expect(await problem(await processor.parseFile(BOOK))).toEqual(tooLong);
    expect(await problem(await processor.parseFile(LONG_PDF))).toEqual(tooLong);
    const lines = await events(await processor.parseFile(LONG_PDF, { headers: NDJSON }));
    expect(lines.at(-1)).toMatchObject({ type: 'error', code: 'text_too_long' });
    expect(lines.some((line) => line.type === 'segment')).toBe(true);
  });

  it('says what is wrong with a request', async () => {
    processor = await Processor.start({ maxTextChars: 1000 });
    const given = { text: 'text', strategy: 'sentence', chunk_size: 64, chunk_overlap: 0 };
    const invalid = { status: 400, code: 'invalid_request' };
    expect(await problem(await processor.post('/chunk', { ...given, chunk_size: 1 }))).toEqual(invalid);
    expect(await problem(await processor.post('/chunk', { ...given, chunk_overlap: 33 }))).toEqual(invalid);
    expect(await problem(await processor.post('/chunk', { ...given, strategy: 'magic' }))).toEqual(invalid);
    const noJson = await fetch(`${processor.url}/chunk`, { method: 'POST', body: '{' });
    expect(await problem(noJson)).toEqual(invalid);
    const tooLong = { status: 422, code: 'text_too_long' };
    expect(await problem(await processor.post('/chunk', { ...given, text: 'x'.repeat(1001) }))).toEqual(
      tooLong,
    );
    const tooLarge = { status: 413, code: 'body_too_large' };
    expect(await problem(await processor.post('/chunk', { ...given, text: 'x'.repeat(4e6) }))).toEqual(
      tooLarge,
    );
  });
});
