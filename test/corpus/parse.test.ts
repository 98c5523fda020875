import { describe, expect, it } from 'vitest';

import type { ParseEvent } from '../../src/contract/services/processor.ts';
import { ProcessorError } from '../../src/processor/errors.ts';
import { parseDocument } from '../../src/processor/parsers/document.ts';
import { corpusPath } from './corpus.ts';

async function read(name: string, maxTextChars = 20_000_000) {
  const events: ParseEvent[] = [];
  const source = { path: corpusPath(name), filename: name, mediaType: '' };
  for await (const event of parseDocument(source, { maxTextChars })) events.push(event);
  const segments = events.filter((event) => event.type === 'segment');
  const end = events.at(-1);
  return {
    text: segments.map(({ text }) => text).join(''),
    segments,
    progress: events.filter((event) => event.type === 'progress'),
    metadata: end?.type === 'end' ? end.metadata : {},
  };
}

it.each([
  ['layout-parser-paper-fast.pdf', 'application/pdf 2'],
  ['multi-column.pdf', 'application/pdf 13'],
  ['DA-619p.pdf', 'application/pdf 619'],
  ['korean-text-with-tables.pdf', 'application/pdf 1'],
  ['copy-protected.pdf', 'application/pdf 2'],
  ['failure-after-repair.pdf', 'application/pdf 76'],
  ['password.pdf', 'encrypted'],
  ['loremipsum-flat.pdf', 'no_text_layer'],
  ['sample-readme.md', 'text/markdown utf-8'],
  ['umlauts-non-utf8.md', 'text/markdown windows-1252'],
  ['book-war-and-peace-1225p.txt', 'text/plain utf-8'],
  ['empty.txt', 'no_text'],
  ['fake_table.docx', 'officedocument.wordprocessingml.document'],
  ['handbook-872p.docx', 'officedocument.wordprocessingml.document'],
  ['example-10k.html', 'text/html utf-8'],
  ['fake-power-point.pptx', 'officedocument.presentationml.presentation 1'],
  ['fake-power-point-malformed.pptx', 'officedocument.presentationml.presentation 1'],
  ['stanley-cups.xlsx', 'officedocument.spreadsheetml.sheet 2'],
  ['stanley-cups.csv', 'text/csv utf-8'],
  ['simple.odt', 'opendocument.text'],
  ['fake-doc.rtf', 'application/rtf'],
  ['winter-sports.epub', 'application/epub+zip'],
  ['fake-email-b64.eml', 'message/rfc822'],
  ['fake-email-utf-16.eml', 'message/rfc822'],
  ['password_protected.xlsx', 'encrypted'],
])('%s is read as what it is, or it is said why not: %s', async (name, outcome) => {
  const found = await read(name).catch((error: unknown) => {
    expect(error).toBeInstanceOf(ProcessorError);
    return (error as ProcessorError).code;
  });
  if (typeof found === 'string') return expect(found).toBe(outcome);
  const { text, metadata } = found;
  expect(text.isWellFormed() && !/[\0\r]/.test(text)).toBe(true);
  const type = String(metadata['media_type']).replace(/^application\/vnd\.(?:openxmlformats-|oasis\.)/, '');
  expect(`${type} ${metadata['pages'] ?? metadata['encoding'] ?? ''}`.trim()).toBe(outcome);
});

describe('a paper in two columns', () => {
  it('has the right page for each sentence, and pages apart', async () => {
    const { segments } = await read('multi-column.pdf');
    const pageOf = (words: string) =>
      segments.filter(({ text }) => text.replace(/\s+/g, ' ').includes(words)).map(({ page }) => page);
    expect(pageOf('Open-domain question answering relies on efficient passage retrieval')).toEqual([1]);
    expect(pageOf('Retrieval in open-domain QA is usually imple')).toEqual([1]);
    expect(segments.every(({ heading }) => heading !== undefined)).toBe(true);
    expect([...new Set(segments.map(({ page }) => page))]).toEqual(
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
    for (const [index, { page, text }] of segments.entries()) {
      const next = segments[index + 1];
      if (next && next.page !== page) expect(text).toMatch(/\S\n\n$/);
      if (!next) expect(text).toMatch(/\S$/);
    }
  });

  it('has no marks of emphasis, which cut words apart', async () => {
    const { text } = await read('multi-column.pdf');
    expect(text).toContain(
      'latent semantic encoding is complementary to sparse representations by design. For example',
    );
    expect(text).not.toMatch(/\p{L}\*\p{L}/u);
  });

  it('is read until the text is too long', async () => {
    await expect(read('multi-column.pdf', 10_000)).rejects.toMatchObject({ code: 'text_too_long' });
  });
});

it('shows progress page for page of the real total', async () => {
  const { progress } = await read('failure-after-repair.pdf');
  expect(progress).toEqual(
    [20, 40, 60, 76].map((pages_done) => ({ type: 'progress', pages_done, pages_total: 76 })),
  );
});

it.each([
  ['fake-power-point-malformed.pptx', /# Test Slide/],
  ['fake-power-point.pptx', /- Find the bullet slide layout\n {4}- Use _TextFrame.text for first bullet/],
  ['stanley-cups.xlsx', /# Stanley Cups\n\nStanley Cups\n\n\| Team \| Location \|/],
  ['simple.odt', /^# These are a few of my favorite things:\n\n/],
  ['fake-doc.rtf', /^# My First Heading\n\nMy first paragraph\./],
  ['example-10k.html', /\| Title of each class \| Trading symbol \| Name of exchange on which registered \|/],
  ['fake-email-b64.eml', /^# Test Email\n\nFrom: Matthew Robinson <[^]*Roses are red/],
  ['fake-email-utf-16.eml', /^# Test Email\n\nFrom: Matthew Robinson <[^]*Roses are red/],
])('%s says what it says', async (name, words) => {
  const { text } = await read(name);
  expect(text).toMatch(words);
  expect(text).not.toMatch(/<\/?(?:div|span|ix:)/);
});

it('reads a long Word file and a book with their chapters', async () => {
  const { text, segments } = await read('handbook-872p.docx');
  expect(text.length).toBeGreaterThan(700_000);
  const found = segments.find((segment) => segment.text.includes('PLEDGE OF EXCELLENCE') && segment.heading);
  expect(found?.heading).toMatch(/^CHAPTER 1 – INTRODUCTION > D\./);
  const book = await read('winter-sports.epub');
  expect(book.segments.map(({ heading }) => heading)).toContain(
    'WINTER SPORTS IN SWITZERLAND > CHAPTER I THE SUN-SEEKER',
  );
});
