import { describe, expect, it } from 'vitest';

import { documentBytes } from '../../../documents/documents.ts';
import { cut, texts } from '../../../helpers/documents/chunks.ts';

describe('the sentence chunker', () => {
  it('keeps sentences whole, and repeats whole sentences', () => {
    const text = 'The first is here. The second is there. The third is away.';
    expect(texts({ text, chunk_size: 40, chunk_overlap: 19 })).toEqual([
      'The first is here. The second is there.',
      'The third is away.',
    ]);
    expect(texts({ text, chunk_size: 40, chunk_overlap: 20 })).toEqual([
      'The first is here. The second is there.',
      'The second is there. The third is away.',
    ]);
  });

  it.each([
    'Dr. Smith met Mr. Jones at St. Petersburg in Fig. 3 and Eq. 4 of Vol. 5.',
    'The books of J. K. Rowling, e.g. Harry Potter, i.e. Seven of them.',
    'It was made in the U.S. Army by Prof. Moriarty, cf. No. 7 of the list.',
    'Das gilt z.B. Für den Fall von S. Freud, vgl. Abb. 3 bei Hr. Dr. Meyer.',
  ])('takes %j for one sentence', (sentence) => {
    // Any part of it that counted as a sentence would be packed with the first.
    const text = `First one. ${sentence} Another one.`;
    expect(texts({ text, chunk_size: sentence.length + 5, chunk_overlap: 0 })).toEqual([
      'First one.',
      sentence,
      'Another one.',
    ]);
  });

  it('continues a sentence over line ends, and ends it at blank lines, headings, items and rows', () => {
    const text = 'One line\nand its next\n\n# Title\n- item\n  more of it\n- other\n| row |\nand after';
    expect(texts({ text, chunk_size: 22, chunk_overlap: 0 })).toEqual([
      'One line\nand its next',
      '# Title',
      '- item\n  more of it',
      '- other\n| row |',
      'and after',
    ]);
  });

  it('cuts sentences of scripts without spaces', () => {
    const text = '今日は天気がいいです。明日も晴れるでしょう。散歩に行きます。';
    expect(texts({ text, chunk_size: 24, chunk_overlap: 0 })).toEqual([
      '今日は天気がいいです。明日も晴れるでしょう。',
      '散歩に行きます。',
    ]);
  });

  it.each([
    ['Er kam am 3. Mai um 10.30 Uhr, z. B. zu Dr. Nix. Dann ging er.', 'Dann ging er.'],
    ['今日は晴れ。「本当？」と彼は言った。', '「本当？」'],
    ['यह पहला वाक्य है। यह दूसरा है।', 'यह दूसरा है।'],
    ['هل هذا سؤال؟ نعم، هذا جواب.', 'نعم، هذا جواب.'],
  ])('knows where the next sentence begins: %s', (text, next) => {
    const chunks = texts({ text, chunk_size: text.length - 1, chunk_overlap: 0 });
    const small = texts({ text, chunk_size: Math.max(next.length, text.indexOf(next)), chunk_overlap: 0 });
    expect(chunks.join(' ').replace(/ /g, '')).toBe(text.replace(/ /g, ''));
    expect(small[1]?.startsWith(next)).toBe(true);
  });

  it('cuts a long sentence at line ends, then between words, then anywhere', () => {
    const lines = 'a record without a stop\nanother such record\nthe last';
    expect(texts({ text: lines, chunk_size: 36, chunk_overlap: 0 })).toEqual([
      'a record without a stop',
      'another such record\nthe last',
    ]);
    expect(texts({ text: 'word '.repeat(9), chunk_size: 32, chunk_overlap: 0 })).toEqual([
      'word word word word word word',
      'word word word',
    ]);
    expect(texts({ text: 'x'.repeat(70), chunk_size: 32, chunk_overlap: 0 }).map((t) => t.length)).toEqual([
      32, 32, 6,
    ]);
  });

  it('ends a chunk before a heading once it is half full', () => {
    const pear = '# Pear\n\nPears are green. They grow on trees.';
    // Less than half of a chunk, so it goes on.
    const plumAndFig = '# Plum\n\nPlums are blue.\n\n# Fig\n\nFigs are soft.';
    const text = `${pear}\n\n${plumAndFig}`;
    const cuts = (chunk_size: number) => texts({ text, chunk_size, chunk_overlap: 0 });
    expect(cuts(75)).toEqual([pear, plumAndFig]);
    expect(cuts(text.length)).toEqual([text]);
    const stacked = `# ${'A long title of a book. '.repeat(2).trim()}\n\n## Pears`;
    const [first] = texts({
      text: `${stacked}\n\n${'Pears are green and sweet in late summer. '.repeat(3).trim()}`,
      chunk_size: 80,
      chunk_overlap: 0,
    });
    expect(first).toContain('## Pears');
  });

  it('does not end a sentence at the end of a page', () => {
    const text = 'A first one. It runs over\n\nthe border. Next one.';
    const segments = [
      { start: 0, end: 27, page: 1 },
      { start: 27, end: text.length, page: 2 },
    ];
    expect(cut({ text, segments, chunk_size: 32, chunk_overlap: 0 })).toEqual([
      { text: 'A first one.', start: 0, end: 12, page: 1 },
      { text: 'It runs over\n\nthe border.', start: 13, end: 38, page: 1 },
      { text: 'Next one.', start: 39, end: text.length, page: 2 },
    ]);
    // Without pages the blank line is a paragraph's end.
    expect(texts({ text, chunk_size: 32, chunk_overlap: 0 })[0]).toBe('A first one. It runs over');
  });
});

describe('the fixed chunker', () => {
  it('repeats exactly the overlap', () => {
    const text = 'abcdefghij'.repeat(20);
    const chunks = cut({ text, strategy: 'fixed', chunk_size: 64, chunk_overlap: 16 });
    expect(chunks.map(({ start, end }) => [start, end])).toEqual([
      [0, 64],
      [48, 112],
      [96, 160],
      [144, 200],
    ]);
  });

  it('goes on behind a stretch of blanks that is longer than a window', () => {
    const text = `a${' '.repeat(300)}b`;
    expect(texts({ text, strategy: 'fixed', chunk_size: 64, chunk_overlap: 16 })).toEqual(['a', 'b']);
  });
});

describe('the recursive chunker', () => {
  it('takes paragraphs, then lines, then sentences, then words, then characters', () => {
    const paragraphs = 'One. Two.\nThree.\n\nA second paragraph here.\n\nThird.';
    const recursive = (text: string, chunk_size: number) =>
      texts({ text, strategy: 'recursive', chunk_size, chunk_overlap: 0 });
    expect(recursive(paragraphs, 44)).toEqual(['One. Two.\nThree.\n\nA second paragraph here.', 'Third.']);
    expect(recursive(paragraphs, 32)).toEqual(['One. Two.\nThree.', 'A second paragraph here.\n\nThird.']);
    expect(recursive('A first line\nand its second. Next. Last.', 26)).toEqual([
      'A first line',
      'and its second. Next.',
      'Last.',
    ]);
    expect(recursive('many words without a stop', 12)).toEqual(['many words', 'without a', 'stop']);
    expect(recursive('x'.repeat(20), 12)).toEqual(['x'.repeat(12), 'x'.repeat(8)]);
  });

  it('repeats the last sentences of a paragraph', () => {
    const text = 'A first one. A second one.\n\nAnother paragraph follows here.';
    expect(texts({ text, strategy: 'recursive', chunk_size: 50, chunk_overlap: 20 })).toEqual([
      'A first one. A second one.',
      'A second one.\n\nAnother paragraph follows here.',
    ]);
  });
});

describe('the markdown chunker', () => {
  const markdown = (text: string, chunk_size: number, segments = cut({ text: '' })) =>
    cut({ text, strategy: 'markdown', chunk_size, chunk_overlap: 0, segments });

  it('keeps sections apart, continues into subsections, and leaves no title alone', () => {
    const text =
      '# Book\n\n## One\nwords of one\n### Below\nwords below\n## Two\nwords of two\n# End\nlast words';
    expect(markdown(text, 64).map((chunk) => chunk.text)).toEqual([
      '# Book\n\n## One\nwords of one\n### Below\nwords below',
      '## Two\nwords of two',
      '# End\nlast words',
    ]);
  });

  it('knows headings that only the segments name', () => {
    const text = 'One\nwords of one\nTwo\nwords of two\n';
    const segments = [
      { start: 0, end: 17, heading: 'One' },
      { start: 17, end: text.length, heading: 'Two' },
    ];
    const chunks = cut({ text, strategy: 'markdown', chunk_size: 64, chunk_overlap: 0, segments });
    expect(chunks.map(({ text, heading }) => [heading, text])).toEqual([
      ['One', 'One\nwords of one'],
      ['Two', 'Two\nwords of two'],
    ]);
  });

  it('cuts a table between rows, and gives each later piece the header', () => {
    const rows = ['| 1 | one |', '| 2 | two |', '| 3 | three |', '| 4 | four |'];
    const text = ['| n | word |', '|---|:-----|', ...rows, '', '| other |'].join('\n');
    expect(markdown(text, 40).map(({ text, context }) => [context, text])).toEqual([
      [undefined, `| n | word |\n|---|:-----|\n${rows[0]}`],
      ['| n | word |', `${rows[1]}\n${rows[2]}\n${rows[3]}`],
      [undefined, '| other |'],
    ]);
  });

  it('keeps fenced code together, blank lines and all', () => {
    const code = '```sh\n# not a heading\n\nls. And more\n```';
    expect(markdown(`Some words before it.\n${code}\nafter`, 48).map((chunk) => chunk.text)).toEqual([
      'Some words before it.',
      `${code}\nafter`,
    ]);
  });

  it('cuts a README at its headings', async () => {
    const text = (await documentBytes('readme.md')).toString();
    const chunks = markdown(text, 512);
    expect(chunks[0]?.text.startsWith('## The tide files')).toBe(true);
    expect(chunks.some((chunk) => chunk.text.startsWith('#### Curves of the last century'))).toBe(true);
    const fences = chunks.map((chunk) => chunk.text.split('```').length - 1);
    expect(fences.every((count) => count % 2 === 0)).toBe(true);
  });
});

describe('the page chunker', () => {
  it('makes each page a chunk, and cuts only the large ones', () => {
    const pages = ['Tiny.\n\n', 'A long page. It has three sentences. They do not fit.\n\n', 'Small.'];
    const text = pages.join('');
    let end = 0;
    const segments = pages.map((page, i) => ({ page: i + 1, start: end, end: (end += page.length) }));
    const chunks = cut({ text, strategy: 'page', chunk_size: 40, chunk_overlap: 0, segments });
    expect(chunks.map(({ page, text }) => [page, text])).toEqual([
      [1, 'Tiny.'],
      [2, 'A long page. It has three sentences.'],
      [2, 'They do not fit.'],
      [3, 'Small.'],
    ]);
  });

  it('cuts a text without pages as the sentence chunker does', async () => {
    const text = (await documentBytes('book.txt')).toString().slice(0, 100_000);
    expect(cut({ text, strategy: 'page' })).toEqual(cut({ text }));
  });
});
