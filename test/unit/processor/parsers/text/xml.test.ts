import { describe, expect, it } from 'vitest';

import { blockEvents } from '../../../../../src/processor/parsers/blocks/block-events.ts';
import { readXmlText } from '../../../../../src/processor/parsers/text/xml.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

const textOf = (xml: string) => {
  const events = blockEvents((reading) => readXmlText(xml, reading), {
    maxTextChars: 20_000_000,
    includeHidden: false,
  });
  return [...events].map((event) => (event.type === 'segment' ? event.text : '')).join('');
};

describe('JATS', () => {
  const ARTICLE = `<?xml version="1.0"?>
    <!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "http://127.0.0.1:9/x.dtd" [ <!ENTITY a "<b>"> <!-- ]> --> ]>
    <article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
      <title-group><article-title>On <italic>Zostera</italic> beds</article-title></title-group>
      <contrib-group>
        <contrib><name><surname>Sill</surname><given-names>Morag</given-names></name></contrib>
        <contrib><name><surname>Finlay</surname><given-names>Ada</given-names></name></contrib>
      </contrib-group>
      <abstract><title>Summary</title><p>Beds shrink.</p></abstract>
    </article-meta></front>
    <body><sec><label>1.</label><title>Methods</title>
      <p><bold>We</bold> looked <xref rid="r1">[1]</xref>
         closely &amp; often.<list list-type="bullet"><list-item><p>at dawn</p></list-item>
         <list-item><p>at dusk</p></list-item></list></p>
      <sec><title>Sites</title><p>Two.</p></sec>
      <table-wrap><label>Table 1</label><caption><p>Counts.</p></caption>
        <table><thead><tr><th>site</th><th>n</th></tr></thead>
        <tbody><tr><td>bay<break/>east</td><td><p>4</p></td></tr></tbody></table></table-wrap>
      <p>Since <inline-formula><alternatives><tex-math>\\documentclass{x}</tex-math><math><mi>x</mi><mo>=</mo></math></alternatives></inline-formula>.</p>
      <preformat>a
  b</preformat>
    </sec></body>
    <back><ref-list><title>References</title><ref><label>1</label><element-citation><name><surname>Roe</surname>
      </name><article-title>Old beds</article-title><year>1999</year></element-citation></ref></ref-list></back></article>`;

  it('is read with its headings, lists and tables', async () => {
    const { text, segments } = await parsed(ARTICLE, 'a.xml');
    expect(text).toBe(
      '# On Zostera beds\n\nSill Morag\nFinlay Ada\n\n## Summary\n\nBeds shrink.\n\n## 1. Methods\n\n' +
        'We looked [1] closely & often.\n\n- at dawn\n- at dusk\n\n### Sites\n\nTwo.\n\nTable 1 Counts.\n\n' +
        '| site | n |\n| --- | --- |\n| bay east | 4 |\n\nSince x=.\n\n```\na\n  b\n```\n\n' +
        '## References\n\n1 Roe Old beds 1999',
    );
    expect([...new Set(segments.map(({ heading }) => heading))]).toEqual([
      'On Zostera beds',
      'On Zostera beds > Summary',
      'On Zostera beds > 1. Methods',
      'On Zostera beds > 1. Methods > Sites',
      'On Zostera beds > References',
    ]);
  });
});

describe('other XML', () => {
  it.each([
    ['<r><k>x</k><l>1 &lt; 2</l><m><![CDATA[<d> & ]]></m></r>', 'x\n1 < 2\n<d> &'],
    ['<r><p>one</p><p><b>two</b> <i>three</i></p></r>', 'one\n\ntwo three'],
    ['<r>\n<row><k>1</k><k>2</k></row>\n<row><k>3</k></row>\n</r>', '1\n2\n\n3'],
    [
      '<t:r xmlns:t="u"><t:title>T</t:title><t:p>w<t:x>or</t:x>ds</t:p><!-- no --><?no no?></t:r>',
      '# T\n\nwords',
    ],
    [
      '<rss><channel><title>News</title><item><title>One</title><description>Tide.</description></item></channel></rss>',
      '# News\n\n## One\n\nTide.',
    ],
    ['<r><table><row><entry>a</entry><entry>b</entry></row></table></r>', '| a | b |\n| --- | --- |'],
    ['<r><p># none</p></r>', '\\# none'],
    ['<r><k>open<l>x</k></c>y', 'openxy'],
  ])('%s', (xml, text) => {
    expect(textOf(xml)).toBe(text);
  });

  it('expands no entity that it declares, and reads no declaration', () => {
    const laughs = Array.from(
      { length: 50 },
      (_, index) => `<!ENTITY l${index + 1} "&l${index};&l${index};">`,
    );
    const doctype = `<!DOCTYPE r [<!ENTITY l0 "lol"><!ENTITY f SYSTEM "file:///etc/passwd">${laughs.join('')}]>`;
    expect(textOf(`${doctype}<r>&l50; &f; &#233;</r>`)).toBe('&l50; &f; é');
    expect(textOf('<!DOCTYPE r [<!ENTITY ')).toBe('');
  });

  it('is told by its declaration, its root or its name', async () => {
    for (const [xml, name] of [
      ['<?xml version="1.0"?><r><a>words</a></r>', 'x.txt'],
      ['<!DOCTYPE r SYSTEM "r.dtd">\n<r><a>words</a></r>', 'x'],
      ['<r xmlns="urn:x"><a>words</a></r>', 'x'],
      ['<r><a>words</a></r>', 'x.xml'],
    ] as const) {
      const { text } = await parsed(xml, name);
      expect(text).toBe('words');
    }
    const latin1 = Buffer.from('<?xml version="1.0" encoding="iso-8859-1"?><r>Größe</r>', 'latin1');
    expect((await parsed(latin1)).text).toBe('Größe');
  });

  it('takes time and memory in proportion to its size, or is refused', () => {
    const deep = (name: string) => `<${name}>`.repeat(100_000);
    for (const name of ['a', 'p', 'title', 'table', 'info', 'name', 'b', 'list-item', 'label', 'tr']) {
      textOf(deep(name));
      textOf(`${deep(name)}x${`</${name}>x</q>`.repeat(30_000)}`);
    }
    textOf('<r>' + '<!DOCTYPE '.repeat(100_000));
    textOf('<!DOCTYPE r [' + '<!--'.repeat(100_000));
    expect(() => textOf('<a/>'.repeat(4_100_000))).toThrow(/too large/);
  });
});
