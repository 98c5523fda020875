import { expect, it } from 'vitest';

import { epub } from '../../../helpers/documents/office-files.ts';
import { parsed } from '../../../helpers/documents/parsed.ts';

const page = (body: string) => parsed(`<!DOCTYPE html><html><body>${body}</body></html>`);

it('leaves out invisible elements and the navigation of the site', async () => {
  const { text } = await page(
    '<nav><ul><li>Home</li></ul></nav><p>One</p><div style="color:red; display: none"><div>no</div>no</div>' +
      '<p hidden>no</p><template><p>no</p></template><select><option>no</select><p data-hidden="x">Two</p>' +
      '<!-- <nav> --><script>"<nav>"</script><p>Three</p>',
  );
  expect(text).toBe('One\n\nTwo\n\nThree');
});

it('takes the words that stand for an image, unless they are its address', async () => {
  const html = '<p>A <img alt="mill" src="a.png"> and <img alt="cid:1@x" src="cid:1@x"> more</p>';
  expect((await page(html)).text).toBe('A mill and more');
});

it('keeps text that only mentions hiding', async () => {
  const html = `<p title="a hidden gem">a</p><p class='wide hidden md:block'>b</p>`;
  expect((await page(`${html}<p title="a" hidden>c</p>`)).text).toBe('a\n\nb');
});

it('leaves out hidden elements, in any spelling of the style', async () => {
  const hidden = [
    '<p HIDDEN>no</p>',
    '<p hidden="until-found">no</p>',
    "<p hidden=''>no</p>",
    '<p title=">" hidden>no</p>',
    '<p style=display:none>no</p>',
    "<p STYLE = ' color: red;Display : NONE !important '>no</p>",
    '<p style="visibility:hidden">no</p>',
    '<p style="display:none/* not shown */">no</p>',
    '<p style="display:none!important;display:block">no</p>',
    String.raw`<p style="display:n\6f ne">no</p><p style="d\000069splay: \none">no</p>`,
    '<p style="display&colon;&#110;one">no</p>',
    '<p style="display:none; background:url(a;display:block)">no</p><p style="display:none/* never ended">no</p>',
    '<dialog>no</dialog><div popover>no</div><datalist><option>no</option></datalist>',
    '<div hidden><div>no</div>no<!-- </div> --><br>no</div>',
    '<noscript>no</noscript><template><p>no</p></template>',
    '<style>no</style><script>"</p>no"</script><!-- no --><input type=hidden value=no>',
  ];
  for (const html of hidden)
    expect([html, (await page(`<p>One</p>${html}<p>Two</p>`)).text]).toEqual([html, 'One\n\nTwo']);
  const shown = [
    '<p style="display:none;display:block">yes</p>',
    '<p style="background:url(display:none)">yes</p>',
    '<p aria-hidden="true">yes</p>',
    '<details><div>yes</div></details>',
    '<p data-style="display:none">yes</p>',
    '<img hidden><p>yes</p>',
    `<p style="background:url('x;display:none;')">yes</p>`,
    String.raw`<p style="display:none\9">yes</p>`,
    '<dialog open>yes</dialog>',
  ];
  for (const html of shown) expect([html, (await page(html)).text]).toEqual([html, 'yes']);
});

it('ends a hidden part where its element ends, with or without an end tag', async () => {
  expect((await page('<p hidden>no<p>Two<div>Three</div>')).text).toBe('Two\n\nThree');
  expect((await page('<p hidden>no <b>no<div>Two</div>')).text).toBe('Two');
  expect((await page('<ul><li hidden>no<p>no<ul><li>no</ul><li>Two</ul>Three')).text).toBe('- Two\n\nThree');
  expect((await page('<dl><dt hidden>no<dd>Two</dl>')).text).toBe('Two');
  expect(
    (await page('<table><tr><td>One<td hidden>no<tr hidden><td>no<tr><td>Two</table>Three')).text,
  ).not.toContain('no');
  expect((await page('<table><caption hidden>no<tr><td>Two</table>')).text).toBe('Two');
  expect((await page('<h1 hidden>no<h2>Two</h2>')).text).toBe('## Two');
  expect((await page('<a hidden href=x>no<a href=y>Two</a>')).text).toContain('Two');
  expect((await page('<p hidden>no<summary>Two</summary>')).text).toBe('Two');
  expect((await page('<section><div hidden>no</section>Two')).text).toBe('Two');
  expect((await page('One<div hidden>no<p>no')).text).toBe('One');
});

it('keeps separate words apart, and removes soft hyphens', async () => {
  const { text } = await page('<details><summary>More</summary>Donau&shy;dampf</details>');
  expect(text).toBe('More\n\nDonaudampf');
});

it('loses nothing to an element that is never closed', async () => {
  expect((await page('a<nav>b<p hidden/>c<nav>d')).text.replaceAll(/\s+/g, '')).toBe('abcd');
  expect((await page('a<nav>b<nav>c</nav>d</nav>e')).text).toBe('a e');
  expect((await page('a<nav>b<p hidden>c</p>d')).text.replaceAll(/\s+/g, '')).toBe('abd');
  expect((await page('a < b <!-- <nav>')).text).toBe('a < b');
});

it('reads a page whose head has no end tag', async () => {
  const heads = ['<link rel=x><body><p>', '<p>', '<meta/>', '<body><p>x</head>', '<h1>'];
  for (const head of heads) {
    const { text } = await parsed(`<!doctype html><html><head><title>T</title>${head}Body text</html>`);
    expect([head, text]).toEqual([head, expect.stringMatching(/^(?:# |x\n\n)?Body text$/)]);
  }
  expect((await parsed(epub(['<head><title>T</title><body><p>x</p>']))).text).toBe('x');
});

it('ends no table at the end of an element around it', async () => {
  for (const name of ['div', 'font', 'b', 'span', 'center', 'form', 'p', 'head']) {
    const { text } = await page(
      `<${name}><table><tr><td>a</${name}></td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table></${name}>`,
    );
    expect([name, text]).toEqual([name, '| a | b |\n| --- | --- |\n| c | d |']);
  }
});

it('keeps the text between a link without an end tag and the next link', async () => {
  const { text } = await page(
    '<a name=x><ul><li>one <a href=y>two</a><li>three</ul><h2><a name=z>Four</h2><pre>a\n<a href=y>b</a>\nc</pre>',
  );
  expect(text).toBe('- one two\n- three\n\n## Four\n\n```\na\nb\nc\n```');
  expect((await page('<a name=x>One<div hidden>no <a href=y>no</a> no</div>')).text).toBe('One');
});

it('takes time in proportion to the page', async () => {
  for (const part of ['<nav>', '<a "', "<a x='", '<!--', '<script>', '<'])
    expect((await page(`one ${part.repeat(100_000)}`)).text).toContain('one');
  for (const part of [
    '<p hidden>',
    '<li hidden><p>',
    '<b hidden></i>',
    `<p style="${'/*a'.repeat(1000)}">`,
    '<table><tr><td>',
    '<ul><li>',
    '<b hidden><td></b>',
  ])
    expect((await page(`one ${part.repeat(100_000 / part.length)}</body>`)).text).toBe('one');
  const distinct = Array.from({ length: 30_000 }, (_, i) => `<x${i} hidden>`).join('');
  expect((await page(`one${distinct}`)).text).toBe('one');
  const deep = `<p><button>${'<span>'.repeat(50_000)}${'<div>'.repeat(50_000)}`;
  expect((await page(`one${deep}two`)).text).toContain('two');
});

it('writes layout tables as the blocks of their cells', async () => {
  const { text } = await page(
    '<table><tr><td><h1>News</h1><p>First.</p><p>Second.</p></td><td><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></td></tr></table>' +
      '<table><tr><td>Third.</td></tr><tr><td>Fourth.</td></tr></table>',
  );
  expect(text).toBe(
    '# News\n\nFirst.\n\nSecond.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nThird.\n\nFourth.',
  );
});

it('keeps the cells of a table in their columns, below one that spans rows', async () => {
  const { text } = await page(
    '<table><tr><td rowspan=2>a</td><td rowspan=3>b</td><td>c</td></tr><tr><td>d</td></tr>' +
      '<tr><td>e</td><td>f</td></tr><tr><td colspan=2>g</td><td>h</td></tr></table>',
  );
  expect(text).toBe('| a | b | c |\n| --- | --- | --- |\n|  |  | d |\n| e |  | f |\n| g |  | h |');
});

it('keeps blocks within blocks apart, of whatever kind', async () => {
  const kinds = ['section', 'article', 'header', 'footer', 'aside', 'figure', 'form', 'address'];
  for (const kind of kinds) {
    const { text } = await page(`<div><${kind} id="a">one</${kind}><${kind}>two</${kind}></div>`);
    expect([kind, text]).toEqual([kind, 'one\n\ntwo']);
  }
  expect((await page('<ul><li><h3>one</h3>two<p>three</p>four</li></ul>')).text).toBe('- one two three four');
});

it('reads words without the pronunciation above them', async () => {
  const { text } = await page(
    '<p>この<ruby>漢<rp>(</rp><rt lang="ja">かん</rt><rp>)</rp>字<rt>じ</ruby>は</p><p>x</p>',
  );
  expect(text).toBe('この漢字は\n\nx');
});

it('keeps a formula in its line', async () => {
  const { text } = await page('<p>E = <math><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math> holds.</p>');
  expect(text).toBe('E = mc^2 holds.');
});

it('ends a formula without its end at the next block', async () => {
  for (const next of ['<p>y', '<h2>y', '<div>y</div>', '<ul><li>y</ul>', '<table><tr><td>y</table>']) {
    const { text } = await page(`a <math><mi>x</mi>${next}`);
    expect([next, text]).toEqual([next, expect.stringMatching(/^a x\n\n(?:## |- )?y$/)]);
  }
});

it('keeps the lines of code, and its language', async () => {
  const code = async (html: string) =>
    (await page(`<pre>${html}</pre>`)).text.slice('```'.length, -'\n```'.length);
  expect(await code('<code class="language-js">\na</code>')).toBe('js\na');
  expect(await code('<div>a</div><div>b<p>c</p></div>d')).toBe('\na\nb\nc\nd');
  expect(await code('<ol><li>a<li>b</ol>')).toBe('\na\nb');
  expect(await code('<table><tr><td>1<td>a<tr><td>2<td>b</table>')).toBe('\n1 a\n2 b');
  expect((await page('a</br>b')).text).toBe('a\nb');
});

it('keeps a cell above all rows that follow, if it covers 0', async () => {
  const { text } = await page(
    '<table><tr><td rowspan=0>a<td>b<tr><td>c<tr><td>d<tr><td>e<tr><td>f<tr><td>g</table>',
  );
  expect(text).toContain('|  | c |\n|  | d |');
});

it('counts a hidden part once, however often it reads the page', async () => {
  const { metadata } = await page('<p hidden>x</p><nav>menu<p>y<p hidden>z</p><button>');
  expect(metadata).toMatchObject({ hidden_left_out: 2 });
});

it('reads the visible text of the pages of a book', async () => {
  const { text } = await parsed(
    epub([
      '<script src="x"/><p hidden="hidden">no</p><section>one</section><section>two</section>',
      '<p><ruby>漢字<rt>かんじ</rt></ruby></p><p style="display: none">no</p><nav>no</nav>',
    ]),
  );
  expect(text).toBe('one\n\ntwo\n\n漢字');
});

it('keeps the list around a table open where a cell has items without a list', async () => {
  const cell = (words: string) => `<table><tr><td>${words}</td><td>c</td></tr></table>`;
  const table = '| a b | c |\n| --- | --- |';
  const list = `<ul><li>one${cell('<li>a<li>b')}two</ul>`;
  expect((await page(list)).text).toBe(`- one\n\n${table}\n\ntwo`);
  const terms = `<dl><dt>one<dd>${cell('<dt>a<dd>b')}two</dl>`;
  expect((await page(terms)).text).toBe(`one\n\n${table}\n\ntwo`);
});

it('reads the words of drawings line by line, and nothing else of them', async () => {
  const drawing =
    '<svg><title>no</title><desc>no</desc><style>no</style><text>Rye<tspan>-</tspan><tspan>oats</tspan></text>' +
    '<text><tspan x="0" dy="1em">2031</tspan><tspan x="0" dy="1em">2032</tspan></text><path d="M0"/></svg>';
  const icons = '<svg style="display: none"><symbol><text>no</text></symbol></svg>';
  const { text, metadata } = await page(`${icons}<p>Yield</p>${drawing}<p>per acre</p>`);
  expect(text).toBe('Yield\n\nRye-oats 2031 2032\n\nper acre');
  expect(metadata).not.toHaveProperty('hidden_left_out');
});

it('leaves out the stored parts of drawings, but no words of the page in elements of their names', async () => {
  const stored = ['desc', 'metadata', 'defs', 'symbol'];
  for (const name of stored) {
    expect((await page(`<p>a</p><${name}>b</${name}><p>c</p>`)).text).toBe('a\n\nb\n\nc');
    expect((await page(`<${name}><p>a</p>`)).text).toBe('a');
    expect((await page(`<p>a</p><svg><${name}><text>no</text></svg><p>c</p>`)).text).toBe('a\n\nc');
  }
});

it('parts the words of a drawing from those after it, but not an icon', async () => {
  expect((await page('<p>Press <svg><text>A</text></svg>to go</p>')).text).toBe('Press A to go');
  expect((await page('<p>Home<svg><path d="M0"/></svg>, or away</p>')).text).toBe('Home, or away');
});

it.each([
  ['<text y="2"><tspan y="2">He</tspan><tspan x="5" y="2">llo</tspan></text>', 'Hello'],
  ['<text><tspan y="2">He</tspan><tspan dy="0">llo</tspan><tspan y="9">you</tspan></text>', 'Hello you'],
  ['<text y="2">a<tspan dy="9">b</tspan><tspan y="2">c</tspan></text>', 'a b c'],
  ['<text y="2">a</text><text y="2">b</text>', 'a b'],
])('parts the words of a drawing where their height changes: %s', async (words, text) => {
  expect((await page(`<svg>${words}</svg>`)).text).toBe(text);
});
