import { expect, it } from 'vitest';

import { docx, openDocument, wordParagraph, zip } from '../../../helpers/documents/office-files.ts';
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
