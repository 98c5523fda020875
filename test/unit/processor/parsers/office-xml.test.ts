import { expect, it } from 'vitest';

import { cellFormats, formatNumber } from '../../../../src/processor/parsers/office/cell-format.ts';
import { normalizeSheets } from '../../../../src/processor/parsers/office/sheet-xml.ts';
import { normalizeSlide } from '../../../../src/processor/parsers/office/slide-xml.ts';
import { normalizeWords } from '../../../../src/processor/parsers/office/word-xml.ts';
import {
  docx,
  numberCell,
  openDocument,
  pptx,
  textCell,
  wordParagraph,
  xlsx,
  zip,
} from '../../../helpers/documents/office-files.ts';
import { parsed } from '../../../helpers/documents/parsed.ts';

const WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';

it('knows headings and items of Word by what their styles are, whatever these are called', async () => {
  const style = (id: string, body: string) =>
    `<w:style w:type="paragraph" w:styleId="${id}">${body}</w:style>`;
  const styles =
    style('berschrift1', '<w:name w:val="heading 1"/>') +
    style('Kapitel', '<w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/>') +
    style('Abschnitt', '<w:name w:val="Abschnitt"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>') +
    style(
      'Verzeichnis',
      '<w:name w:val="TOC Heading"/><w:basedOn w:val="berschrift1"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr>',
    ) +
    style(
      'Listenpunkt',
      '<w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>',
    );
  const of = (id: string, more = '') => `<w:pStyle w:val="${id}"/>${more}`;
  const numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>';
  const body =
    wordParagraph('Eins', of('berschrift1', numbered)) +
    wordParagraph('Inhalt', of('Verzeichnis')) +
    wordParagraph('Teil', of('Abschnitt')) +
    wordParagraph('Punkt', of('Listenpunkt')) +
    wordParagraph('Zwei', of('Kapitel')) +
    wordParagraph('Drei', '<w:outlineLvl w:val="2"/>');
  const { text, segments } = await parsed(
    docx(body, { parts: { 'word/styles.xml': `<w:styles xmlns:w="${WORD}">${styles}</w:styles>` } }),
  );
  expect(text).toBe('# Eins\n\nInhalt\n\n## Teil\n\n1. Punkt\n\n# Zwei\n\n### Drei');
  expect(segments.map(({ heading }) => heading)).toEqual(['Eins', 'Eins > Teil', 'Zwei', 'Zwei > Drei']);
});

it('keeps words apart that a page break parts, and together that a hyphen joins', async () => {
  const run = (inner: string) => `<w:r>${inner}</w:r>`;
  const body = `<w:p>${run('<w:t>end</w:t>')}${run('<w:br w:type="page"/>')}${run('<w:t>start, co</w:t><w:noBreakHyphen/><w:t>op</w:t>')}</w:p>`;
  expect((await parsed(docx(body))).text).toBe('end\nstart, co-op');
});

it('joins a large first letter with its word', async () => {
  const frame = '<w:keepNext/><w:framePr w:dropCap="drop" w:lines="3"/><w:rPr/>';
  const body =
    wordParagraph('D', frame) +
    wordParagraph('rop cap.', '<w:ind/>') +
    wordParagraph('E', frame) +
    '<w:p><w:r><w:t>nd.</w:t></w:r></w:p>';
  expect((await parsed(docx(body))).text).toBe('Drop cap.\n\nEnd.');
});

it('reads the words that have their pronunciation above them, without it', async () => {
  const run = (text: string) => `<w:r><w:t>${text}</w:t></w:r>`;
  const ruby = `<w:ruby><w:rubyPr/><w:rt>${run('かんじ')}</w:rt><w:rubyBase>${run('漢')}${run('字')}</w:rubyBase></w:ruby>`;
  const body = `<w:p>${run('この')}<w:r><w:rPr/>${ruby}</w:r>${run('は')}</w:p>`;
  expect((await parsed(docx(body))).text).toBe('この漢字は');
});

it('reads the words of OpenDocument without how they are read', async () => {
  const ruby =
    '<text:ruby><text:ruby-base>漢字</text:ruby-base><text:ruby-text text:style-name="x">かんじ</text:ruby-text></text:ruby>';
  expect((await parsed(openDocument('text', `<text:p>この${ruby}は</text:p>`))).text).toBe('この漢字は');
});

it('reads the lists in the cells of OpenDocument', async () => {
  const item = (words: string, inner = '') =>
    `<text:list-item><text:p>${words}</text:p>${inner}</text:list-item>`;
  const list = (items: string) => `<text:list text:style-name="L1">${items}</text:list>`;
  const cell = (content: string) => `<table:table-cell>${content}</table:table-cell>`;
  const row = (cells: string) => `<table:table-row>${cells}</table:table-row>`;
  const table = `<table:table>${row(cell('<text:p>a</text:p>') + cell('<text:p>b</text:p>'))}${row(`<table:table-cell/>${cell(list(item('c', list(item('d'))) + item('e')))}`)}</table:table>`;
  const { text } = await parsed(openDocument('text', `${table}${list(item('f'))}`));
  expect(text).toBe('| a | b |\n| --- | --- |\n|  | c d e |\n\nf');
});

it('keeps the parts of a formula of Word apart', async () => {
  const run = (text: string) => `<m:r><m:t>${text}</m:t></m:r>`;
  const formula = `<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:f><m:num>${run('a')}</m:num><m:den>${run('λ')}</m:den></m:f>${run('=sin\u2061θ')}</m:oMath>`;
  expect((await parsed(docx(`<w:p>${formula}</w:p>`))).text).toBe('\\frac a{λ}=sin θ');
  const wide = formula.replace('=sin', `${' '.repeat(200_000)}x\u2061`);
  expect((await parsed(docx(`<w:p>${wide}</w:p>`))).text).toBe('\\frac a{λ} x θ');
});

it('leaves out what Word hides, and takes for no item what is said to be none', async () => {
  const run = (text: string, looks: string) => `<w:r><w:rPr>${looks}</w:rPr><w:t>${text}</w:t></w:r>`;
  const words =
    run('a', '<w:b/><w:vanish/>') +
    run('b', '<w:vanish w:val="0"/>') +
    run('c', '<w:webHidden/>') +
    run('d', '<w:vanish w:val="true"/><w:i/>');
  const none = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>';
  expect((await parsed(docx(`<w:p>${words}</w:p>${wordParagraph('e', none)}`))).text).toBe('bc\n\ne');
});

it('leaves out what Word hides, however its tags are written', async () => {
  const run = (text: string, looks: string) => `<w:r><w:rPr>${looks}</w:rPr><w:t>${text}</w:t></w:r>`;
  const words =
    run('a', '<w:vanish></w:vanish>') +
    run('b', "<w:vanish w:val='false'/>") +
    run('c', "<w:vanish  w:val = 'on' ></w:vanish >") +
    run('d', '<w:b></w:b><w:vanish\n/>') +
    run('x', '<w:vanish> </w:vanish>') +
    run('y', '<w:vanish w:rsidR="0" w:val="1"/>') +
    '<w:r><w:rPr><w:vanish/></w:rPr><w:t>z</w:t><w:noBreakHyphen/></w:r>' +
    run('e &gt; <![CDATA[f]]>', '<w:vanish w:val="off"></w:vanish>');
  const style = `<w:style w:type='character' w:styleId='Hidden'><w:name w:val='x'></w:name><w:rPr><w:vanish></w:vanish></w:rPr></w:style>`;
  const parts = { 'word/styles.xml': `<w:styles xmlns:w="${WORD}">${style}</w:styles>` };
  const styled = run('g', "<w:rStyle w:val='Hidden'></w:rStyle>");
  expect((await parsed(docx(`<w:p>${words}${styled}</w:p>`, { parts }))).text).toBe('be > f');
});

it('leaves out what a style of Word hides, or one that it is based on', async () => {
  const style = (type: string, id: string, body: string) =>
    `<w:style w:type="${type}" w:styleId="${id}"><w:name w:val="${id}"/>${body}</w:style>`;
  const styles =
    style('character', 'Hidden', '<w:rPr><w:b/><w:vanish/></w:rPr>') +
    style('character', 'Note', '<w:basedOn w:val="Hidden"/>') +
    style('character', 'Shown', '<w:basedOn w:val="Hidden"/><w:rPr><w:vanish w:val="0"/></w:rPr>') +
    style('paragraph', 'Draft', '<w:rPr><w:vanish/></w:rPr>');
  const run = (text: string, looks: string) => `<w:r><w:rPr>${looks}</w:rPr><w:t>${text}</w:t></w:r>`;
  const of = (id: string, more = '') => `<w:rStyle w:val="${id}"/>${more}`;
  const former = '<w:rPrChange w:id="1"><w:rPr><w:vanish/></w:rPr></w:rPrChange>';
  const box = `<w:r><w:pict><w:txbxContent>${wordParagraph('box')}</w:txbxContent></w:pict></w:r>`;
  const body =
    `<w:p>${run('a', of('Hidden'))}${run('b', of('Note'))}${run('c', of('Shown'))}${run('d', former)}</w:p>` +
    `<w:p><w:pPr><w:pStyle w:val="Draft"/></w:pPr>${box}${run('e', '')}${run('f', '<w:vanish w:val="0"/>')}${run('g', of('Hidden'))}</w:p>` +
    '<w:p/><w:p><w:r><w:t>h</w:t></w:r></w:p>';
  const { text } = await parsed(
    docx(body, { parts: { 'word/styles.xml': `<w:styles xmlns:w="${WORD}">${styles}</w:styles>` } }),
  );
  expect(text).toBe('cd\n\nfg\n\nbox\n\nh');
});

it('leaves out what the defaults of Word hide, but for runs that are shown', async () => {
  const run = (text: string, looks = '') => `<w:p><w:r><w:rPr>${looks}</w:rPr><w:t>${text}</w:t></w:r></w:p>`;
  const hidden = '<w:rPr><w:vanish/></w:rPr>';
  const style = (id: string, more: string) =>
    `<w:style w:type="paragraph" ${more} w:styleId="${id}"><w:name w:val="${id}"/>`;
  const text = async (styles: string) => {
    const parts = { 'word/styles.xml': `<w:styles xmlns:w="${WORD}">${styles}</w:styles>` };
    const body = run('a') + run('b', '<w:vanish w:val="0"/>') + wordParagraph('c', '<w:pStyle w:val="Own"/>');
    return (await parsed(docx(body, { parts }))).text;
  };
  const own = `${style('Own', '')}</w:style>`;
  expect(await text(`<w:docDefaults><w:rPrDefault>${hidden}</w:rPrDefault></w:docDefaults>${own}`)).toBe('b');
  expect(await text(`${style('Normal', 'w:default="1"')}${hidden}</w:style>${own}`)).toBe('b\n\nc');
});

it('leaves out what an OpenDocument text hides', async () => {
  const style = (name: string, looks: string, more = '') =>
    `<style:style style:name="${name}" style:family="text" ${more}><style:text-properties ${looks}/></style:style>`;
  const styles =
    style('Hidden', 'text:display="none"') +
    style('Note', 'style:font-name="Lato"', 'style:parent-style-name="Hidden"') +
    style('Shown', 'text:display="true"', 'style:parent-style-name="Hidden"');
  const span = (name: string, text: string) => `<text:span text:style-name="${name}">${text}</text:span>`;
  const words = `a${span('Hidden', `no<text:s/>${span('Other', 'no')}`)}${span('Note', 'no')}${span('Shown', 'b')}`;
  const body =
    `<text:p>${words}<text:hidden-text text:is-hidden="true">no</text:hidden-text></text:p>` +
    '<text:section text:display="none"><text:p>no</text:p></text:section><text:p text:style-name="Hidden">no</text:p>' +
    '<text:section text:display="true"><text:p>c</text:p></text:section>';
  const declared = 'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"';
  const file = openDocument('text', `${body}<text:p ${declared}>${styles}</text:p>`);
  expect((await parsed(file)).text).toBe('ab\n\nc');
});

it('reads the signs of symbol fonts as what they show', async () => {
  const sign = (font: string, char: string) => `<w:r><w:sym w:font="${font}" w:char="${char}"/></w:r>`;
  const run = (text: string, looks = '') => `<w:r><w:rPr>${looks}</w:rPr><w:t>${text}</w:t></w:r>`;
  const symbol = '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>';
  const body =
    `<w:p>${run('on')}${sign('Wingdings', 'F0E0')}${run('off')}${sign('Wingdings', 'F0FC')}${sign('Unknown', 'F041')}${run('x')}</w:p>` +
    `<w:p>${sign('Symbol', '6D')}${run('m, ')}${run('\uf061b', symbol)}${run(' R&amp;D', symbol)}${sign('Arial', '2192')}</w:p>`;
  expect((await parsed(docx(body))).text).toBe('on→off✓ x\n\nμm, αβ R&D→');
});

it('reads files that call the elements otherwise', async () => {
  const types = (part: string, type: string) =>
    `<Types><Override PartName="/${part}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`;
  const words = zip({
    '[Content_Types].xml': types('word/document.xml', 'wordprocessingml.document'),
    'word/document.xml': `<ns0:document xmlns:ns0="${WORD}"><ns0:body><ns0:p><ns0:pPr><ns0:pStyle ns0:val="Heading1"/></ns0:pPr><ns0:r><ns0:t>Head</ns0:t></ns0:r></ns0:p></ns0:body></ns0:document>`,
  });
  expect((await parsed(words)).text).toBe('# Head');
});

it('shows a cell as what it stands for', async () => {
  const styles =
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-409]d\\-mmm\\-yy;@"/></numFmts><cellXfs>' +
    [0, 14, 164, 9].map((id) => `<xf numFmtId="${id}"/>`).join('') +
    '</cellXfs></styleSheet>';
  const cell = (place: string, style: number, value: string) =>
    `<c r="${place}" s="${style}"><v>${value}</v></c>`;
  const row = `<row r="1">${cell('A1', 1, '45292')}${cell('B1', 2, '45351')}${cell('C1', 3, '0.125')}<c r="D1" s="1"/>${numberCell('E1', 0.1 + 0.2)}${cell('F1', 0, '1.0')}</row>`;
  const { text } = await parsed(xlsx({ S: row }, 'A1:F1', { 'xl/styles.xml': styles }));
  expect(text).toContain('| 2024-01-01 | 2024-02-29 | 12.5% | 0.3 | 1 |');
});

it.each([
  ['yyyy"h"', '45292.75', '2024-01-01'],
  ['m/d/yy h:mm', '45292.75', '2024-01-01 18:00'],
  ['h:mm:ss AM/PM', '0.5000116', '12:00:01'],
  ['[h]:mm', '1.25', '30:00'],
  ['mm:ss', '0.0007', '00:01'],
  ['0.00%', '0.07', '7%'],
  ['0.00E+00', '1e-7', '1e-7'],
  ['General', '12345678901234567890', '12345678901234567890'],
  ['#,##0.00 [$€-407];[Red]-0', '1234.50', '1234.5'],
  ['yyyy', '59', '1900-02-28'],
  ['yyyy', '61', '1900-03-01'],
  ['yyyy', '-3', '-3'],
  ['yyyy', 'n/a', 'n/a'],
])('formats a number as %s: %s', (code, value, text) => {
  const escaped = code.replaceAll('"', '&quot;');
  const styles = `<numFmts><numFmt numFmtId="200" formatCode="${escaped}"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>`;
  expect(formatNumber(value, cellFormats(styles)[0]!, false)).toBe(text);
});

it('reads what formulas say as it is shown', async () => {
  const row =
    '<row r="1"><c r="A1" s="0" t="str"><f>B1</f><v xml:space="preserve"> R&amp;D &lt;b&gt; &#8364;</v></c></row>';
  expect((await parsed(xlsx({ S: row }))).text).toContain('| R&D <b> € |');
});

it('reads sheets in the order in which the workbook shows them, whatever their files are called', async () => {
  const rels = ['sheet12', 'sheet', 'Sheet10']
    .map((name, index) => `<Relationship Id="r${index + 1}" Target="worksheets/${name}.xml"/>`)
    .join('');
  const sheet = (text: string) =>
    `<worksheet><sheetData><row r="1">${textCell('A1', text)}</row></sheetData></worksheet>`;
  const { text } = await parsed(
    xlsx({ One: '', Two: '', Three: '' }, 'A1', {
      'xl/worksheets/sheet.xml': sheet('two'),
      'xl/worksheets/Sheet10.xml': sheet('three'),
      'xl/worksheets/sheet12.xml': sheet('one'),
      'xl/_rels/workbook.xml.rels': `<Relationships>${rels}</Relationships>`,
    }),
  );
  expect(text).toMatch(/^# One\n\n\| one .*# Two\n\n\| two .*# Three\n\n\| three /s);
});

it('reads the text boxes on a sheet, below its cells', async () => {
  const box = (...words: string[]) =>
    `<xdr:sp><xdr:txBody>${words.map((text) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`).join('')}</xdr:txBody></xdr:sp>`;
  const parts = {
    'xl/worksheets/_rels/sheet2.xml.rels':
      '<Relationships><Relationship Id="r1" Target="../drawings/drawing1.xml"/></Relationships>',
    'xl/drawings/drawing1.xml': `<xdr:wsDr>${box('Read', 'me &amp; all')}${box('')}${box('Last')}</xdr:wsDr>`,
  };
  const row = `<row r="1">${textCell('A1', 'a')}${textCell('B1', 'b')}</row>`;
  const { text } = await parsed(xlsx({ One: row, Two: row }, 'A1:B1', parts));
  expect(text).toBe(
    '# One\n\n| a | b |\n| --- | --- |\n\n# Two\n\n| a | b |\n| --- | --- |\n| Read me & all |\n| Last |',
  );
});

it('reads a text box once, however often its drawing is named', async () => {
  const relation = '<Relationship Target="../drawings/d.xml"/>';
  const box = '<xdr:txBody><a:p><a:t>words</a:t></a:p></xdr:txBody>';
  const parts = new Map([['xl/drawings/d.xml', box]]);
  for (const name of ['a', 'b']) {
    parts.set(`xl/worksheets/_rels/${name}.xml.rels`, relation + relation);
    parts.set(`xl/worksheets/${name}.xml`, '<sheetData></sheetData>');
  }
  normalizeSheets(parts);
  expect([...parts.values()].join('').match(/<t>words/g)).toHaveLength(1);
});

it('reads what is hidden in a sheet: what a filter takes away is in it all the same', async () => {
  const rows =
    `<row r="1">${textCell('A1', 'a')}${textCell('B1', 'b')}</row>` +
    `<row r="2" hidden="1">${textCell('A2', 'c')}${textCell('B2', 'd')}</row>`;
  const excel = await parsed(xlsx({ S: rows }));
  const cell = (words: string) => `<table:table-cell><text:p>${words}</text:p></table:table-cell>`;
  const row = (cells: string, looks = '') => `<table:table-row${looks}>${cells}</table:table-row>`;
  const open = await parsed(
    openDocument(
      'spreadsheet',
      `<table:table table:name="S"><table:table-column table:visibility="collapse"/>${row(cell('a') + cell('b'))}${row(cell('c') + cell('d'), ' table:visibility="filter"')}</table:table>`,
    ),
  );
  for (const { text } of [excel, open]) expect(text).toBe('# S\n\n| a | b |\n| --- | --- |\n| c | d |');
});

it('reads what was pasted into Word as it is', async () => {
  const chunk = `<w:altChunk r:id="r1" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>`;
  const file = docx(wordParagraph('One') + chunk + wordParagraph('Three'), {
    parts: {
      'word/_rels/document.xml.rels':
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/aFChunk" Target="pasted.html"/></Relationships>',
      'word/pasted.html': '<html><body><p>Two</p></body></html>',
    },
  });
  expect((await parsed(file)).text).toBe('One\n\nTwo\n\nThree');
});

it('counts the days of a workbook from 1904 on where it says so', () => {
  expect(formatNumber('0', 'date', true)).toBe('1904-01-01');
});

it('heads a slide with its title, and leaves out its number', async () => {
  const shape = (kind: string, text: string) =>
    `<p:sp><p:nvSpPr><p:nvPr><p:ph type="${kind}"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sp>`;
  const whole = await parsed(
    pptx([
      {
        text: `Body.</a:t></a:r></a:p></p:txBody></p:sp>${shape('title', 'Title')}${shape('sldNum', '12')}<p:sp><p:txBody><a:p><a:r><a:t>End.`,
      },
    ]),
  );
  expect(whole.text).toBe('# Title\n\nBody.\n\nEnd.');
});

it('reads the signs of symbol fonts on slides as what they show', async () => {
  const run = (text: string, looks = '') => `<a:r><a:rPr>${looks}</a:rPr><a:t>${text}</a:t></a:r>`;
  const words = `a</a:t></a:r>${run('\uf0e0', '<a:latin typeface="Arial"/><a:sym typeface="Wingdings"/>')}${run('\uf061', '<a:latin typeface="Symbol"/>')}<a:r><a:t>b`;
  expect((await parsed(pptx([{ text: words }]))).text).toBe('a→αb');
});

it('takes no longer than a file is long to look for what is never closed', () => {
  for (const start of ['<w:p><w:pPr><w:framePr w:dropCap="drop"', '<w:style w:styleId="a"']) {
    const xml = start + start.slice(start.lastIndexOf(' ')).repeat(50_000) + 'x'.repeat(1_000_000);
    normalizeWords(
      new Map([
        ['word/document.xml', xml],
        ['word/styles.xml', xml],
      ]),
    );
  }
  for (const part of [
    '<w:pPr>',
    '<w:pPr ',
    '<w:pPrChange>',
    '<w:pPr><w:numPr>',
    '<w:style w:styleId="',
    '<w:ruby>',
    '<w:ruby><w:t>',
    '<w:p>',
    '<w:r>',
    '<w:p><w:r><w:rPr>',
    '<w:rPrChange>',
    '<w:sym ',
    '<w:p><w:pPr><w:framePr w:dropCap="drop"',
    '<w:framePr w:dropCap="drop"/></w:pPr><w:p>',
  ]) {
    const xml = part.repeat(200_000);
    normalizeWords(
      new Map([
        ['word/document.xml', xml],
        ['word/styles.xml', xml],
      ]),
    );
  }
  for (const part of [
    '<c>',
    '<c ',
    '<c><v>',
    '<cellXfs>',
    '<xf ',
    '<xdr:txBody>',
    '<xdr:txBody><a:p>',
    '<a:t ',
  ]) {
    const xml = part.repeat(200_000);
    normalizeSheets(
      new Map([
        ['xl/drawings/d.xml', xml],
        ['xl/worksheets/_rels/a.xml.rels', '<Relationship Target="../drawings/d.xml"/>'],
        ['xl/worksheets/a.xml', xml],
        ['xl/styles.xml', xml],
      ]),
    );
  }
  expect(normalizeSlide('<p:sp>'.repeat(200_000))).toHaveLength(1_200_000);
  expect(normalizeSlide('<a:r>'.repeat(200_000))).toHaveLength(1_000_000);
});

it.each([
  ['a comment', '<!-- a > b -->'],
  ['an instruction', '<?a > b?>'],
])('refuses a part that declares a document type, behind %s too', async (_, before) => {
  const words = wordParagraph('words');
  expect((await parsed(docx(words, { doctype: before }))).text).toBe('words');
  const hostile = docx(words, { doctype: `${before}<!DOCTYPE x [<!ENTITY a "b">]>` });
  await expect(parsed(hostile)).rejects.toMatchObject({ code: 'corrupt' });
});
