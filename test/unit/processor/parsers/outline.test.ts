import { describe, expect, it } from 'vitest';

import { Outline, splitAtHeadings } from '../../../../src/processor/parsers/outline.ts';

const split = (text: string, outline = new Outline()) => [...splitAtHeadings(text, outline)];
const headings = (text: string) => split(text).map(({ heading }) => heading);

describe('splitAtHeadings', () => {
  it('cuts before each heading and loses nothing', () => {
    const text = 'before\n\n# A\ntext\n## B\nmore\n## C\n# D\nend\n';
    const sections = split(text);
    expect(sections.map((section) => section.text).join('')).toBe(text);
    expect(sections).toEqual([
      { text: 'before\n\n' },
      { text: '# A\ntext\n', heading: 'A' },
      { text: '## B\nmore\n', heading: 'A > B' },
      { text: '## C\n', heading: 'A > C' },
      { text: '# D\nend\n', heading: 'D' },
    ]);
  });

  it('knows headings by the line below them, if the caller asks for that', () => {
    const text =
      '---\ntitle: x\n---\n\nOne *A*\n===\n\na\n- b\n---\n\nTwo\n---\ntext\n\n| a |\n|---|\n\n---\n---\n\n# Three\n---\n';
    const sections = [...splitAtHeadings(text, new Outline(), true)];
    expect(sections.map((section) => section.text).join('')).toBe(text);
    expect(sections.map(({ heading }) => heading)).toEqual([undefined, 'One A', 'One A > Two', 'Three']);
    expect(sections[2]?.text.startsWith('Two\n---\n')).toBe(true);
    expect(headings('One\n===\n')).toEqual([undefined]);
  });

  it('puts blank lines before the first heading under it', () => {
    expect(split('\n \n# A\n')).toEqual([{ text: '\n \n# A\n', heading: 'A' }]);
  });

  it('takes nothing inside a code fence for a heading', () => {
    expect(headings('# A\n```sh\n# no\n```\n## B\n')).toEqual(['A', 'A > B']);
    expect(headings('# A\n````\n```\n# no\n````\n## B\n')).toEqual(['A', 'A > B']);
    expect(headings('# A\n~~~\n```\n# no\n~~~\n## B\n')).toEqual(['A', 'A > B']);
    expect(headings('# A\n```\n# never closed\n')).toEqual(['A']);
    expect(headings('# A\n```code``` in a line\n## B\n')).toEqual(['A', 'A > B']);
  });

  it('takes no hashtag, indented code or overlong line for a heading', () => {
    expect(headings(`#tag\n    # code\n####### seven\n# ${'long '.repeat(50)}\n#\n`)).toEqual([undefined]);
  });

  it('reads the words of a heading, without their markup', () => {
    expect(headings('## **Bold** _and_ `code` [link](http://x) <a id="x"></a> ##\n')).toEqual([
      'Bold _and_ code link',
    ]);
  });

  it('continues the outline in the next text', () => {
    const outline = new Outline();
    split('# A\n## B\n', outline);
    expect(split('goes on\n## C\n', outline)).toEqual([
      { text: 'goes on\n', heading: 'A > B' },
      { text: '## C\n', heading: 'A > C' },
    ]);
  });
});
