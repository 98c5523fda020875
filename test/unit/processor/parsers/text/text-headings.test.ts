import { expect, it } from 'vitest';

import { parsed } from '../../../../helpers/documents/parsed.ts';

async function headingsOf(text: string, name: string): Promise<(string | undefined)[]> {
  const { segments } = await parsed(text, name);
  return segments.map(({ heading }) => heading);
}

it.each([
  ['a.adoc', '= Guide\n\n== Setup\n\n=none\n\n=== Deep\n\nWords.\n'],
  ['a.org', '* Guide\n** Setup\n*bold* words\n*** Deep\nWords.\n'],
  [
    'a.rst',
    '=====\nGuide\n=====\n\nSetup\n=====\n\n==== ====\na    b\n==== ====\n\nDeep\n~~~~\n\nWords.\n\n----\n\nMore.\n',
  ],
  [
    'a.tex',
    '$\\partial x$\n\\section{Guide}\n\\subsection*{Setup}\n\\subsubsection[Short]{Deep}\nWords. \\section{none}\n',
  ],
])('%s has the headings that its format marks', async (name, text) => {
  expect((await headingsOf(text, name)).filter(Boolean)).toEqual([
    'Guide',
    'Guide > Setup',
    'Guide > Setup > Deep',
  ]);
});

it('other lines of such a text stay as they are', async () => {
  const text = '* Top\n# a comment\n#+TITLE: x\n  - item\n| a | b |\n';
  expect((await parsed(text, 'a.org')).text).toBe('# Top\n\\# a comment\n#+TITLE: x\n  - item\n| a | b |\n');
  const table = 'Short\n--\n\n    code\n    ----\n';
  expect((await parsed(table, 'a.rst')).text).toBe(table);
});
