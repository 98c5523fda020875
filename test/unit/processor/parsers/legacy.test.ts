import { expect, it } from 'vitest';

import {
  commentedWorkbook,
  compoundFile,
  excelBinary,
  outlookMessage,
} from '../../../documents/formats/legacy/legacy-files.ts';
import { wordBinary } from '../../../documents/formats/legacy/word-binary.ts';
import { docx, wordParagraph } from '../../../helpers/documents/office-files.ts';
import { parsed } from '../../../helpers/documents/parsed.ts';
import { failure, parse, useUploadFolder } from '../../../helpers/documents/parsed-upload.ts';

useUploadFolder();

it('a document of Word up to 2003 is read with its paragraphs, tables and notes', async () => {
  const { text, metadata } = await parse(
    wordBinary('“The mill” – old\rSecond\x0bline.\r# none\r', { notes: '\x02 A note.\r' }),
  );
  expect(text).toBe('“The mill” – old\n\nSecond\n\nline.\n\n\\# none\n\nA note.');
  expect(metadata?.['media_type']).toBe('application/msword');
});

it('a document of Word up to 2003 is read with its running heads, comments and hyphens', async () => {
  const { text } = await parse(
    wordBinary('The \x1eC\x1e bond is reg\x1fular.\r', {
      header: 'Draft\tPage 3\t\rDraft\r\r',
      footer: 'Page 2 of 9\r# 7 Mill Lane\r\r',
      comments: '\x05Is it?\r\x05Yes.\r',
    }),
    'a.doc',
  );
  expect(text).toBe(
    'Draft\n\nThe -C- bond is regular.\n\nComment: Is it?\n\nComment: Yes.\n\n\\# 7 Mill Lane',
  );
  const western = wordBinary('7 \x80 a \x93week\x94, reg\x1fular.\r', { isWestern: true });
  expect((await parse(western, 'a.doc')).text).toBe('7 € a “week”, regular.');
});

it('a document of Word up to 2003 is read with its headings and tables, without what it hides', async () => {
  const style = (number: number) => [number, 0];
  const inTable = [...style(0), 0x16, 0x24, 1];
  const endsRow = [...inTable, 0x17, 0x24, 1, 0x08, 0xd6, 4, 0, 9, 9, 9];
  const parts: [text: string, paragraph: number[], character?: number[]][] = [
    ['The mill\r', style(1)],
    ['It is old.\r', [...style(0), 0x40, 0x26, 1]],
    ['It turns.', style(0)],
    [' It leaks.', style(0), [0x3c, 0x08, 1]],
    [' Badly.', style(0), [0x35, 0x08, 1, 0x3c, 0x08, 1]],
    [' It stood.', style(0), [0x00, 0x08, 1]],
    [' Slowly.', style(0), [0x60, 0x4a, 1, 0, 0x3c, 0x08, 0x81]],
    ['\r', style(0)],
    ['Part\rof\x07', inTable],
    ['Tons\x07', inTable],
    ['\x07', endsRow],
    ['Wheel\x0brim\x07', inTable],
    ['7\x07', inTable],
    ['\x07', endsRow],
    ['One\rcell\x07', inTable],
    ['\x07', endsRow],
  ];
  let text = '';
  const characters = [];
  const paragraphs = [];
  for (const [words, paragraph, character] of parts) {
    const range = { from: text.length, to: text.length + words.length };
    paragraphs.push({ ...range, formats: paragraph });
    characters.push({ ...range, formats: character ?? [] });
    text += words;
  }
  const shown = '# The mill\n\n## It is old.\n\nIt turns. Slowly.\n\n';
  const table = '| Part of | Tons |\n| --- | --- |\n| Wheel rim | 7 |\n\nOne\n\ncell';
  for (const isWestern of [false, true]) {
    const read = await parse(wordBinary(text, { characters, paragraphs, isWestern }), 'a.doc');
    expect(read.text).toBe(shown + table);
    expect(read.metadata).toMatchObject({ hidden_left_out: 1 });
    const all = await parsed(wordBinary(text, { characters, paragraphs, isWestern }), 'a.doc', '', {
      includeHidden: true,
    });
    expect(all.text).toContain('It turns. It leaks. Badly. Slowly.');
  }
});

it('a workbook of Excel up to 2003 is read sheet by sheet, with what its cells show', async () => {
  const { text, segments, metadata } = await parse(
    excelBinary(
      {
        Fleet: [
          ['Boat', 'Since', 'Share', 'Price'],
          ['Kittiwake', new Date(Date.UTC(2026, 1, 3)), 0.25, 1234.5],
          [],
          ['Gull'],
        ],
        Empty: [],
        Crew: [['Name'], ['Ada|Ida']],
      },
      { 'Fleet!C2': '0%', 'Fleet!D2': '#,##0.00 "EUR"' },
    ),
    'a.xls',
  );
  expect(text).toBe(
    '# Fleet\n\n| Boat | Since | Share | Price |\n| --- | --- | --- | --- |\n| Kittiwake | 2026-02-03 | 25% | 1,234.50 EUR |\n| Gull |\n\n' +
      '# Crew\n\n| Name |\n| --- |\n| Ada\\|Ida |',
  );
  const header = '| Boat | Since | Share | Price |';
  expect(segments.map(({ page, heading, context }) => [page, heading, context])).toEqual([
    [1, 'Fleet', undefined],
    [1, 'Fleet', header],
    [3, 'Crew', undefined],
    [3, 'Crew', '| Name |'],
  ]);
  expect(metadata).toEqual({ media_type: 'application/vnd.ms-excel', pages: 3 });
});

it('a workbook of Excel up to 2003 is read without what it hides, and a merged cell names the rows beside it', async () => {
  const file = excelBinary(
    {
      Fleet: [
        ['Harbour', 'Boat', 'Secret', 'Tons'],
        ['Hallin', 'Gull', 'x', 1],
        ['', 'Tern', 'y', 2],
        ['Nessing', 'Skua', 'z', 3],
      ],
      Unseen: [['words']],
    },
    {},
    (book) => {
      const fleet = book.Sheets['Fleet'];
      if (fleet) {
        fleet['!merges'] = [{ s: { r: 1, c: 0 }, e: { r: 2, c: 0 } }];
        fleet['!cols'] = [{}, {}, { hidden: true }];
      }
      book.Workbook = { Sheets: [{}, { Hidden: 1 }] };
    },
  );
  const { segments, metadata } = await parse(file, 'a.xls');
  const header = '| Harbour | Boat | Tons |';
  expect(segments.map(({ text, context }) => [text.trim(), context]).slice(1)).toEqual([
    ['| --- | --- | --- |\n| Hallin | Gull | 1 |', header],
    ['|  | Tern | 2 |', `${header}\n| Hallin |`],
    ['| Nessing | Skua | 3 |', header],
  ]);
  expect(metadata).toMatchObject({ pages: 1, hidden_left_out: 2 });
});

it('a comment of a workbook is read without the formats of its letters', async () => {
  const { text } = await parse(commentedWorkbook('Gull', 'Check this.', 'Ann'), 'a.xls');
  expect(text).toBe('# A\n\n| Gull |\n| --- |\n\nComment (Ann) A1: Check this.');
});

it('a workbook is known by a name in capitals, as some programs write it', async () => {
  const { text } = await parse(commentedWorkbook('Gull', 'Check.', 'Ann', 'WORKBOOK'), 'a.xls');
  expect(text).toContain('Gull');
});

it('a message of Outlook is read like a mail, with its attachments', async () => {
  const inner = outlookMessage({ subject: 'Inner', html: '<p>Inner <b>words</b>.</p>' });
  const attachments = { 'plan.docx': docx(wordParagraph('Plan.')), 'inner.msg': inner };
  const { text, segments, metadata } = await parse(
    outlookMessage({ subject: 'Outer', body: 'Outer words.\r\n', attachments }),
    'x',
  );
  const head =
    'From: Morag Sill <morag@hallin.example>\nTo: Ada Finlay <ada@nessing.example>\nDate: 2026-02-03T10:00:00.000Z';
  expect(text).toBe(
    `# Outer\n\n${head}\n\nOuter words.\n\n## plan.docx\n\nPlan.\n\n## Inner\n\n${head}\n\nInner words.`,
  );
  expect(segments.map(({ heading }) => heading)).toEqual(['Outer', 'Outer > plan.docx', 'Outer > Inner']);
  expect(metadata?.['media_type']).toBe('application/vnd.ms-outlook');
});

it('another compound file, a damaged one and one with a password are refused', async () => {
  expect(await failure(compoundFile({ 'PowerPoint Document': Buffer.alloc(5000) }), 'a.ppt')).toBe(
    'unsupported_type',
  );
  expect(await failure(compoundFile({ EncryptedPackage: Buffer.alloc(5000) }), 'a.xlsx')).toBe('encrypted');
  expect(await failure(wordBinary('words\r', { encrypted: true }), 'a.doc')).toBe('encrypted');
  expect(await failure(wordBinary('words\r', { mark: 0xa5dc }), 'a.doc')).toBe('unsupported_type');
  expect((await parse('words', 'a.doc')).text).toBe('words');
  expect((await parse('graph { a -- b }', 'a.dot')).text).toBe('graph { a -- b }');
  const newsletter = { Quill: Buffer.alloc(5000), Workbook: Buffer.alloc(5000) };
  expect(await failure(compoundFile(newsletter), 'a.pub')).toBe('unsupported_type');
  expect(await failure('words', 'a.msg')).toBe('corrupt');
  for (const file of [
    wordBinary('words\r'),
    excelBinary({ A: [['x']] }),
    outlookMessage({ subject: 'S', body: 'x' }),
  ]) {
    for (const end of [8, 700]) expect(await failure(file.subarray(0, end))).toBe('corrupt');
    expect(await failure(file.subarray(0, file.length / 2))).toMatch(/^(?:corrupt|unsupported_type)$/);
    const damaged = Buffer.from(file);
    damaged.fill(0xff, 512, 1024);
    expect(await failure(damaged)).toMatch(/^(?:corrupt|no_text|it is read)$/);
  }
});
