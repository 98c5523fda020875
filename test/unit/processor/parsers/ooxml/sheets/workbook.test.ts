import { describe, expect, it } from 'vitest';

import { numberCell, textCell, xlsx, type Parts } from '../../../../../helpers/documents/office-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';

const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const SHEETS = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${OFFICE}"`;
const DRAWING =
  'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"';

const relations = (...targets: (readonly [id: string, type: string, target: string])[]) =>
  `<Relationships xmlns="${PACKAGE}">${targets.map(([id, type, target]) => `<Relationship Id="${id}" Type="${type.includes('/') ? type : `${OFFICE}/${type}`}" Target="${target}"/>`).join('')}</Relationships>`;
const row = (number: number, cells: string, looks = '') => `<row r="${number}"${looks}>${cells}</row>`;
const texts = (number: number, ...words: string[]) =>
  row(
    number,
    words
      .map((text, index) => text && textCell(`${String.fromCharCode(65 + index)}${number}`, text))
      .join(''),
  );

/** A workbook of one sheet, given by the content of its element. */
const workbook = (content: string, parts: Parts = {}, entry = '', properties = '') =>
  xlsx({}, 'A1', {
    'xl/worksheets/sheet1.xml': `<worksheet ${SHEETS}>${content}</worksheet>`,
    ...parts,
    'xl/workbook.xml': `<workbook ${SHEETS}>${properties}<sheets><sheet name="S" sheetId="1" r:id="r1"/>${entry}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations(
      ['r1', 'worksheet', 'worksheets/sheet1.xml'],
      ['r2', 'worksheet', '/xl/worksheets/sheet2.xml'],
      ['r3', 'sharedStrings', 'sharedStrings.xml'],
      ['r4', 'styles', 'styles.xml'],
      ['r5', 'http://schemas.microsoft.com/office/2017/10/relationships/person', 'persons/person.xml'],
    ),
  });

describe('a cell', () => {
  it('has its value as the format shows it', async () => {
    const styles = `<styleSheet ${SHEETS}><numFmts><numFmt numFmtId="164" formatCode="0&quot; kg&quot;"/></numFmts><cellXfs>${[0, 14, 164, 9].map((id) => `<xf numFmtId="${id}"/>`).join('')}</cellXfs></styleSheet>`;
    const cells = [
      '<c r="A1" s="1"><v>45292</v></c>',
      '<c r="B1" s="2"><v>45</v></c>',
      '<c r="C1" s="3"><v>0.125</v></c>',
      '<c r="D1" s="1"/>',
      numberCell('E1', 0.1 + 0.2),
      '<c r="F1" t="b"><v>1</v></c>',
      '<c r="G1" t="e"><v>#N/A</v></c>',
      '<c r="H1" t="d"><v>2031-03-04T00:00:00</v></c>',
      '<c r="I1" t="str"><f>B1</f><v xml:space="preserve"> R&amp;D &lt;b&gt; &#8364;</v></c>',
    ];
    const sheet = `<sheetData>${row(1, cells.join(''))}</sheetData>`;
    expect((await parsed(workbook(sheet, { 'xl/styles.xml': styles }))).text).toContain(
      '| 2024-01-01 | 45 kg | 12.5% | 0.3 | TRUE | #N/A | 2031-03-04 | R&D <b> € |',
    );
    const since1904 = workbook(sheet, { 'xl/styles.xml': styles }, '', '<workbookPr date1904="1"/>');
    expect((await parsed(since1904)).text).toContain('| 2028-01-02 |');
  });

  it('has the words of its shared string, without their pronunciation', async () => {
    const strings = `<sst ${SHEETS}><si><t>plain_x000D_line</t></si><si><r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r><rPh><t>reading</t></rPh></si></sst>`;
    const cells = '<c t="s"><v>1</v></c><c t="s"><v>0</v></c><c t="s"><v>9</v></c>';
    const { text } = await parsed(
      workbook(`<sheetData><row>${cells}</row></sheetData>`, { 'xl/sharedStrings.xml': strings }),
    );
    expect(text).toBe('# S\n\n| rich text | plain line |\n| --- | --- |');
  });
});

describe('sheets', () => {
  it('have their parts by any case of their names, and without a relationship', async () => {
    const parts = {
      'xl/SharedStrings.xml': `<sst ${SHEETS}><si><t>word</t></si></sst>`,
      'xl/_rels/workbook.xml.rels': relations(['r1', 'worksheet', 'Worksheets/Sheet1.xml']),
    };
    const file = xlsx({ S: '<row><c t="s"><v>0</v></c></row>' }, 'A1', parts);
    expect((await parsed(file)).text).toBe('# S\n\n| word |\n| --- |');
  });

  it('come in the order in which the workbook shows them, whatever their files are called', async () => {
    const sheet = (text: string) =>
      `<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>${text}</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>`;
    const { text } = await parsed(
      xlsx({ One: '', Two: '', Three: '' }, 'A1', {
        'xl/worksheets/sheet.xml': sheet('two'),
        'xl/worksheets/Sheet10.xml': sheet('three'),
        'xl/worksheets/sheet12.xml': sheet('one'),
        'xl/_rels/workbook.xml.rels': relations(
          ...['sheet12', 'sheet', 'Sheet10'].map(
            (name, index) => [`r${index + 1}`, 'worksheet', `worksheets/${name}.xml`] as const,
          ),
        ),
      }),
    );
    expect(text).toMatch(/^# One\n\n\| one .*# Two\n\n\| two .*# Three\n\n\| three /s);
  });

  it('leave out and count their hidden parts', async () => {
    const sheet =
      '<cols><col min="4" max="16384" hidden="1"/><col min="2" max="2" hidden="1"/></cols><sheetData>' +
      texts(1, 'a', 'no', 'c') +
      row(2, textCell('A2', 'filtered'), ' hidden="1"') +
      row(3, '<c r="A3"/>', ' hidden="1"') +
      texts(4, 'd', '', 'f') +
      '</sheetData>';
    const parts = { 'xl/worksheets/sheet2.xml': `<worksheet><sheetData/></worksheet>` };
    const file = workbook(sheet, parts, '<sheet name="H" state="veryHidden" r:id="r2"/>');
    const left = await parsed(file);
    expect(left.text).toBe('# S\n\n| a | c |\n| --- | --- |\n| d | f |');
    expect(left.metadata).toMatchObject({ pages: 1, hidden_left_out: 3 });
  });
});

describe('a merged cell', () => {
  const merged = (data: string, ...ranges: string[]) =>
    workbook(
      `<sheetData>${data}</sheetData><mergeCells>${ranges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`,
    );

  it('names the rows beside it, and spans of the header make it longer', async () => {
    const data =
      texts(1, 'Hill', '2031', '', '2032') +
      texts(2, '', 'Wool', 'Milk', 'Wool') +
      texts(3, 'North', '1', '2', '3') +
      texts(5, '', '4', '5', '6');
    const { segments } = await parsed(merged(data, 'A1:A2', 'B1:C1', 'A3:A9'));
    const header = '| Hill | 2031 |  | 2032 |\n|  | Wool | Milk | Wool |';
    expect(segments.map(({ text, context }) => [text.trim(), context])).toEqual([
      ['# S\n\n| Hill | 2031 |  | 2032 |', undefined],
      ['| --- | --- | --- | --- |\n|  | Wool | Milk | Wool |', '| Hill | 2031 |  | 2032 |'],
      ['| North | 1 | 2 | 3 |', header],
      ['|  | 4 | 5 | 6 |', `${header}\n| North |`],
    ]);
  });

  it('stays where a part of it shows', async () => {
    const data =
      texts(1, 'Hill', 'kg') +
      row(2, textCell('A2', 'North') + textCell('B2', '1'), ' hidden="1"') +
      texts(3, '', '2') +
      texts(4, 'South', '3');
    expect((await parsed(merged(data, 'A2:A3'))).text).toBe(
      '# S\n\n| Hill | kg |\n| --- | --- |\n| North | 2 |\n| South | 3 |',
    );
  });

  it('that claims very many rows costs no more than others', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => texts(index + 1, 'a', 'b')).join('');
    const ranges = Array.from({ length: 20_000 }, (_, index) => `A${index + 1}:XFD1048576`);
    const start = process.cpuUsage();
    expect((await parsed(merged(rows, ...ranges))).text).toContain('| a | b |');
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10);
  });
});

describe('drawings over the cells', () => {
  const anchor = (content: string) => `<xdr:twoCellAnchor>${content}</xdr:twoCellAnchor>`;
  const shape = (looks: string, ...words: string[]) =>
    `<xdr:sp><xdr:nvSpPr><xdr:cNvPr id="2" name="x"${looks}/></xdr:nvSpPr><xdr:txBody>${words.map((text) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`).join('')}</xdr:txBody></xdr:sp>`;
  const frame =
    '<xdr:graphicFrame><a:graphic><a:graphicData><c:chart r:id="r1" xmlns:r="' +
    `${OFFICE}"/></a:graphicData></a:graphic></xdr:graphicFrame>`;
  const picture = '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="3" name="p" descr="A seal"/></xdr:nvPicPr></xdr:pic>';
  const sheet = `<sheetData>${texts(1, 'a', 'b')}</sheetData><drawing r:id="r1"/>`;
  const parts = {
    'xl/worksheets/_rels/sheet1.xml.rels': relations(['r1', 'drawing', '../drawings/drawing1.xml']),
    'xl/worksheets/_rels/sheet2.xml.rels': relations(['r1', 'drawing', '../drawings/drawing1.xml']),
    'xl/worksheets/sheet2.xml': `<worksheet ${SHEETS}>${sheet}</worksheet>`,
    'xl/drawings/_rels/drawing1.xml.rels': relations(['r1', 'chart', '../charts/chart1.xml']),
    'xl/drawings/drawing1.xml': `<xdr:wsDr ${DRAWING}>${anchor(shape('', 'Read', 'me &amp; all'))}${anchor(`<xdr:grpSp>${shape('', '')}${shape('', 'Last')}${shape(' hidden="1"', 'Unseen')}</xdr:grpSp>`)}${anchor(frame)}${anchor(picture)}</xdr:wsDr>`,
    'xl/charts/chart1.xml': `<c:chartSpace ${DRAWING}><c:chart><c:plotArea><c:pieChart><c:ser><c:tx><c:v>Jars</c:v></c:tx><c:cat><c:strLit><c:pt idx="0"><c:v>North</c:v></c:pt></c:strLit></c:cat><c:val><c:numLit><c:pt idx="0"><c:v>4</c:v></c:pt></c:numLit></c:val></c:ser></c:pieChart></c:plotArea></c:chart></c:chartSpace>`,
  };

  it('come after them, once', async () => {
    const { text, metadata } = await parsed(workbook(sheet, parts, '<sheet name="T" r:id="r2"/>'));
    const table = '| a | b |\n| --- | --- |';
    expect(text).toBe(
      `# S\n\n${table}\n\nRead\nme & all\n\nLast\n\n|  | Jars |\n| --- | --- |\n| North | 4 |\n\nA seal\n\n# T\n\n${table}`,
    );
    expect(metadata).toMatchObject({ hidden_left_out: 1 });
  });
});

it('comments come after the cells, with their author and cell', async () => {
  const threads = 'xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"';
  const note = (ref: string, author: number, text: string) =>
    `<comment ref="${ref}" authorId="${author}"><text><r><t>${text}</t></r></text></comment>`;
  const parts = {
    'xl/worksheets/_rels/sheet1.xml.rels': relations(
      ['r1', 'comments', '../comments1.xml'],
      [
        'r2',
        'http://schemas.microsoft.com/office/2017/10/relationships/threadedComment',
        '../threadedComments/threadedComment1.xml',
      ],
    ),
    'xl/comments1.xml': `<comments ${SHEETS}><authors><author>Ann</author><author>tc={1}</author></authors><commentList>${note('B2', 0, 'Ann:\nWeigh again.')}${note('A1', 1, '[Threaded comment]\n\nYour version cannot show this.\n\nComment:\n    Which coast?')}${note('A3', 0, 'Unseen.')}</commentList></comments>`,
    'xl/threadedComments/threadedComment1.xml': `<ThreadedComments ${threads}><threadedComment ref="A1" personId="p"><text>Which coast?</text></threadedComment></ThreadedComments>`,
    'xl/persons/person.xml': `<personList ${threads}><person id="p" displayName="Bo"/></personList>`,
  };
  const data = texts(1, 'Hill', 'kg') + texts(2, 'North', '1') + row(3, textCell('A3', 'x'), ' hidden="1"');
  expect((await parsed(workbook(`<sheetData>${data}</sheetData>`, parts))).text).toBe(
    '# S\n\n| Hill | kg |\n| --- | --- |\n| North | 1 |\n\nComment (Bo) A1: Which coast?\n\nComment (Ann) B2: Weigh again.',
  );
  const { 'xl/threadedComments/threadedComment1.xml': _, ...withoutThreads } = parts;
  expect((await parsed(workbook(`<sheetData>${data}</sheetData>`, withoutThreads))).text).toContain(
    '\n\nComment A1: Which coast?\n\nComment (Ann)',
  );
});

it('a table within a sheet has its header, though rows stand above it', async () => {
  const parts = {
    'xl/worksheets/_rels/sheet1.xml.rels': relations(['r1', 'table', '../tables/table1.xml']),
    'xl/tables/table1.xml': `<table ${SHEETS} id="1" ref="A3:B5"/>`,
  };
  const data =
    texts(1, 'Made by', 'Ann') + texts(3, 'hill', 'who') + texts(4, 'North', 'Bo') + texts(5, 'South', 'Cy');
  const sheet = `<sheetData>${data}</sheetData><tableParts count="1"><tablePart r:id="r1"/></tableParts>`;
  const { segments } = await parsed(workbook(sheet, parts));
  expect(segments.at(-1)).toMatchObject({
    text: '| --- | --- |\n| North | Bo |\n| South | Cy |',
    context: '| hill | who |',
  });
});

it('a sheet of too many cells is refused', async () => {
  const rows = `<row>${'<c><v>1</v></c>'.repeat(1000)}</row>`.repeat(401);
  await expect(parsed(workbook(`<sheetData>${rows}</sheetData>`))).rejects.toMatchObject({
    code: 'text_too_long',
  });
});
