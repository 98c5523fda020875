import { describe, expect, it } from 'vitest';

import { withoutHtml } from '../../../../../src/processor/parsers/text/markdown-html.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

describe('the HTML in Markdown', () => {
  it.each([
    ['Press <kbd>Ctrl</kbd>+<b class="k">C</b>.', 'Press Ctrl+C.'],
    ['one<br>two<br/>\nthree', 'one two\nthree'],
    ['| a | b |\n| --- | --- |\n| 1<br>2 | 3 |', '| a | b |\n| --- | --- |\n| 1 2 | 3 |'],
    ['# <a name="top"></a>Harbour', '# Harbour'],
    ['before <!-- hidden\n\n    words --> after', 'before  after'],
    ['<p align="center">\n  <img alt="A lamp" src="x.png">\n</p>\n\nText.', '  A lamp\n\nText.'],
    ['<details><summary>More</summary>\n\nFolded.\n\n</details>\n\nEnd.', 'More\n\nFolded.\n\nEnd.'],
    ['<h2 align="center">\n  The <i>mill</i> &amp; pond\n</h2>\nText.', '## The mill & pond\nText.'],
    ['<div>one</div><div>two</div>', 'one\ntwo'],
    ['a<script>\nevil("<b>")\n</script>b', 'ab'],
    ['<pre>\n# code\n</pre>', '```\n\n# code\n```'],
    ['<div hidden>one</div>\n\n<p>two</p>', 'one\n\ntwo'],
    [
      '<table><tr><th>a</th><th hidden>b</th></tr><tr hidden><td>1</td><td>2</td></tr></table>',
      '| a | b |\n| --- | --- |\n| 1 | 2 |',
    ],
    ['<ul>\n<li>hat</li>\n<li>rope</li>\n</ul>', 'hat\nrope\n'],
  ])('%j is %j', (markdown, text) => {
    expect(withoutHtml(markdown)).toBe(text);
  });

  it('becomes tables of Markdown, with their captions', () => {
    const table =
      '<table><caption>Bolts</caption><tr><th>Part</th><th>Mass</th></tr><!-- x -->\n<tr><td>a|b</td><td><b>12</b> g</td></tr></table>';
    expect(withoutHtml(`Intro\n\n${table}\nEnd.`)).toBe(
      'Intro\n\nBolts\n\n| Part | Mass |\n| --- | --- |\n| a\\|b | 12 g |\nEnd.',
    );
    expect(withoutHtml('<table><tr><td colspan=2>w</td><td>x</td></tr><tr><td>1<td>2<td>3</table>')).toBe(
      '| w |  | x |\n| --- | --- | --- |\n| 1 | 2 | 3 |',
    );
    const code = '<table><tr><td>\n\n```js\na < b\n```\n\n</td></tr></table>';
    expect(withoutHtml(code)).toContain('```js\na < b\n```\n');
  });
});

describe('what is no HTML', () => {
  it.each([
    'See <https://x.test/a?b=c> or <mail@x.test>.',
    'a < b and c > d, x<y>z, List<String>, <name>',
    '`<b>code</b>` and ``<i>`</i>``',
    '```html\n<div>\n<!-- c -->\n</div>\n```',
    '~~~\n<b>x</b>\n~~~',
    'Code:\n\n    <b>x</b>\n\n    <i>y</i>',
    '\\<b>escaped\\</b>',
    'if a <b and\n\nc> d',
    'an <!-- open comment',
    '<a <b <c',
  ])('stays: %j', (markdown) => {
    expect(withoutHtml(markdown)).toBe(markdown);
  });

  it('is no code if a list item continues with it', () => {
    expect(withoutHtml('1. Item\n\n    <b>words</b>')).toBe('1. Item\n\n    words');
  });
});

it('leaves headings that label the text, and offsets into the text that is kept', async () => {
  const { text, segments } = await parsed(
    '<h1>Mill</h1>\n\nOne <b>word</b>.\n\n<a id="x"></a>\n\n## Pond\n\nTwo.\n',
    'a.md',
  );
  expect(segments.map((segment) => [segment.heading, segment.text])).toEqual([
    ['Mill', '# Mill\n\nOne word.\n\n'],
    ['Mill > Pond', '## Pond\n\nTwo.\n'],
  ]);
  expect(text).not.toContain('<');
});

it('takes time in proportion to the text', () => {
  const parts = [
    '<a ',
    '<b>',
    '<!--',
    '`<',
    '<a x="',
    "<a '",
    '<table>',
    '<h1>',
    '<pre>',
    '``` ',
    '<br>',
    '</p>',
    '<p>\n',
    '<svg>',
  ];
  for (const part of parts) {
    for (const end of ['</b>', '</table></h1></svg></p>-->']) withoutHtml(part.repeat(100_000) + end);
  }
  withoutHtml(Array.from({ length: 2000 }, (_, length) => '`'.repeat(length)).join(' <b>'));
});
