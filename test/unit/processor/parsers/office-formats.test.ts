import { describe, expect, it } from 'vitest';

import {
  docx,
  epub,
  numberCell,
  openDocument,
  pptx,
  textCell,
  wordHeading,
  wordItem,
  wordParagraph,
  wordTable,
  xlsx,
} from '../../../helpers/documents/office-files.ts';
import { document, failure, parse, useUploadFolder } from '../../../helpers/documents/parsed-upload.ts';

useUploadFolder();

describe('Word', () => {
  it('keeps headings, lists and tables, in order', async () => {
    const body =
      wordHeading(1, 'One') +
      wordParagraph('Some words.') +
      wordItem(0, 'first') +
      wordItem(1, 'inner') +
      wordHeading(2, 'Two') +
      wordTable([
        ['Name', 'A|B'],
        ['Ann', '1'],
      ]);
    const { text, segments, metadata } = await parse(docx(body));
    expect(text).toBe(
      '# One\n\nSome words.\n\n1. first\n    - inner\n\n## Two\n\n| Name | A\\|B |\n| --- | --- |\n| Ann | 1 |',
    );
    expect(segments.map(({ heading }) => heading)).toEqual(['One', 'One > Two', 'One > Two']);
    expect(metadata?.['media_type']).toMatch(/wordprocessingml/);
  });

  it('takes no words of a paragraph for a heading or a fence', async () => {
    const { text, segments } = await parse(docx(wordParagraph('# no heading') + wordParagraph('```')));
    expect(text).toBe('\\# no heading\n\n\\```');
    expect(segments.map(({ heading }) => heading)).toEqual([undefined]);
  });

  it('is read from a long document with its chapters', async () => {
    const { text, segments } = await document('handbook.docx');
    expect(text.length).toBeGreaterThan(700_000);
    const paths = [...new Set(segments.map(({ heading }) => heading))];
    expect(paths[0]).toBe('CHAPTER 1 – SALT');
    expect(paths.slice(1, 13).every((path) => path?.startsWith('CHAPTER 1 – SALT > '))).toBe(true);
    expect(paths[13]).toBe('CHAPTER 2 – WEATHER');
  });
});

describe('PowerPoint', () => {
  it('has a page for each slide, in the order of the show, each under its own title', async () => {
    const slides = [
      { title: 'Welcome', text: 'Hello all.', notes: 'Smile.' },
      { text: 'No title here.' },
      { title: 'End', text: 'Bye.' },
    ];
    const { text, segments, progress, metadata } = await parse(pptx(slides));
    expect(text).toBe('# Welcome\n\nHello all.\n\nSmile.\n\nNo title here.\n\n# End\n\nBye.');
    expect(segments.map(({ page, heading }) => [page, heading])).toEqual([
      [1, 'Welcome'],
      [2, undefined],
      [3, 'End'],
    ]);
    expect(progress).toEqual([{ type: 'progress', pages_done: 3, pages_total: 3 }]);
    expect(metadata).toMatchObject({ pages: 3 });
  });

  it('is read from a package with small faults', async () => {
    expect((await document('slides-malformed.pptx')).text).toContain('# Saving the sea wall');
    expect((await document('slides.pptx')).text).toContain(
      '- Three breaches since the spring flood of 1953\n    - The longest is eleven metres wide',
    );
  });
});

describe('a spreadsheet', () => {
  it('has a page for each sheet, with its rows as a table', async () => {
    const { text, segments } = await document('regatta.xlsx');
    expect(text).toContain(
      '# Regatta Winners\n\nRegatta Winners\n\n| Boat | Harbour | Cups |\n| --- | --- | --- |\n| Kittiwake |',
    );
    const header = '| Boat | Harbour | Cups |';
    expect(segments.map(({ page, heading, context }) => [page, heading, context])).toEqual([
      [1, 'Regatta Winners', undefined],
      [1, 'Regatta Winners', header],
      [2, 'Regatta Winners Since 1967', undefined],
      [2, 'Regatta Winners Since 1967', header],
    ]);
  });

  it('keeps cells in their columns, without empty ones, and counts empty sheets as pages', async () => {
    const rows =
      `<row r="1">${textCell('A1', 'k')}${textCell('XFD1', 'far')}</row>` +
      `<row r="1048576">${numberCell('XFD1048576', 12.5)}</row>`;
    const { text, segments, progress } = await parse(xlsx({ Empty: '', Used: rows }, 'A1:XFD1048576'));
    expect(text).toBe('# Used\n\n| k | far |\n| --- | --- |\n|  | 12.5 |');
    expect(segments.map(({ page }) => page)).toEqual([2, 2]);
    expect(progress).toEqual([{ type: 'progress', pages_done: 2, pages_total: 2 }]);
    expect(await failure(xlsx({ Empty: '' }))).toBe('no_text');
  });
});

describe('OpenDocument', () => {
  it('is read as text, presentation and spreadsheet', async () => {
    const text = await parse(
      openDocument('text', '<text:h text:outline-level="2">Head</text:h><text:p>Größe</text:p>'),
    );
    expect(text.text).toBe('## Head\n\nGröße');
    expect(text.segments.map(({ heading }) => heading)).toEqual(['Head']);

    const slide = (words: string) =>
      `<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>${words}</text:p></draw:text-box></draw:frame></draw:page>`;
    const show = await parse(openDocument('presentation', slide('One') + slide('Two')));
    expect(show.segments.map(({ page, heading }) => [page, heading])).toEqual([
      [1, 'One'],
      [2, 'Two'],
    ]);

    const cell = (words: string) => `<table:table-cell><text:p>${words}</text:p></table:table-cell>`;
    const table = `<table:table table:name="S"><table:table-row>${cell('a')}${cell('b')}</table:table-row></table:table>`;
    expect((await parse(openDocument('spreadsheet', table))).text).toBe('# S\n\n| a | b |\n| --- | --- |');
    expect((await document('notes.odt')).text).toMatch(/^# Things to bring to the moor:\n\n/);
  });
});

describe('EPUB and RTF', () => {
  it('are read with their headings', async () => {
    const book = await parse(epub(['<h1>One</h1><p>First &amp; only.</p>', '<h1>Two</h1><p>Last.</p>']));
    expect(book.text).toBe('# One\n\nFirst & only.\n\n# Two\n\nLast.');
    expect(book.segments.map(({ heading }) => heading)).toEqual(['One', 'Two']);
    expect((await document('almanac.epub')).segments.map(({ heading }) => heading)).toContain(
      'The Orrin almanac > Feasts > The midwinter fair',
    );
    expect((await document('letter.rtf')).text).toMatch(
      /^# A Letter from Hallin\n\nThe ferry has come, and with it your parcel\./,
    );
  });

  it('are read in their encodings', async () => {
    const rtf = (text: string) => parse(Buffer.from(`{\\rtf1\\ansi${text}\\par}`, 'latin1'));
    expect((await rtf("\\ansicpg1252 Gr\\'f6\\'dfe \\u8364?")).text).toBe('Größe €');
    expect((await rtf('\\ansicpg1251 a\\emdash b\\endash\\~c\\tab\\_d\\\\emdash')).text).toBe(
      'a—b– c -d\\emdash',
    );
    expect((await rtf("\\ansicpg932 \\'93\\'fa\\'96\\'7b")).text).toBe('日本');
  });
});
