import { expect, it } from 'vitest';

import { cutChunks } from '../../../../../src/processor/chunkers/chunks.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

/** Cuts a page into chunks of one or a few rows. */
async function rowsOf(html: string, strategy: 'markdown' | 'sentence' | 'recursive' | 'fixed' = 'markdown') {
  const { text, segments } = await parsed(`<!DOCTYPE html><html><body>${html}</body></html>`);
  let end = 0;
  const placed = segments.map(({ text: part, page, heading, context }) => {
    const start = end;
    end += part.length;
    return { start, end, page, heading, context };
  });
  return [...cutChunks({ text, segments: placed, strategy, chunk_size: 32, chunk_overlap: 0 })];
}

const row = (...cells: string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;

it('gives every row of a table the header above it, by any strategy', async () => {
  const table = `<table>${row('town', 'mills')}${row('Ark in the east', '3')}${row('Bor in the west', '4')}</table>`;
  for (const strategy of ['markdown', 'sentence', 'recursive'] as const) {
    const chunks = await rowsOf(table, strategy);
    const bor = chunks.find(({ text }) => text.includes('Bor'));
    expect([strategy, bor?.context]).toEqual([strategy, '| town | mills |']);
  }
});

it('takes all rows that the spans of the first row cover as header', async () => {
  const chunks = await rowsOf(
    '<table><tr><th rowspan=2>Mill</th><th colspan=2>Flour</th></tr><tr><th>rye</th><th>oat</th></tr>' +
      `${row('Old mill at the river', '7', '9')}${row('New mill at the lake', '8', '6')}</table>`,
  );
  expect(chunks.at(-1)).toMatchObject({ context: '| Mill | Flour |\n|  | rye | oat |' });
});

it('gives every chunk within a header the rows above it', async () => {
  const table =
    '<table><tr><td></td><td colspan=2>Flour of all kinds</td></tr><tr><td>Mill</td><td>rye</td><td>oat</td></tr>' +
    `${row('Old mill', '7', '9')}</table>`;
  for (const strategy of ['fixed', 'recursive'] as const) {
    const [, ...chunks] = await rowsOf(table, strategy);
    const first = '|  | Flour of all kinds |';
    for (const { text, context } of chunks) {
      if (text.startsWith('| Old')) expect(context).toBe(`${first}\n| Mill | rye | oat |`);
      else if (/^\| (?:---|Mill)/.test(text)) expect([text, context]).toEqual([text, first]);
    }
    expect(chunks.filter(({ context }) => context === first)).not.toEqual([]);
  }
});

it('takes a second row as header if it stands below wide cells alone, also without row spans', async () => {
  const chunks = await rowsOf(
    '<table><tr><td></td><td colspan=2>Flour</td></tr><tr><td></td><td>rye</td><td>oat</td></tr>' +
      `${row('Old mill at the river', '7', '9')}${row('New mill at the lake', '8', '6')}</table>`,
  );
  expect(chunks.at(-1)).toMatchObject({ context: '|  | Flour |\n|  | rye | oat |' });
});

it('repeats the label of a cell that covers rows in the context of the rows below it, and no further', async () => {
  const chunks = await rowsOf(
    `<table>${row('area', 'town', 'wells')}<tr><td rowspan=3>East | Ost</td><td>Ark and its harbour</td><td>3</td></tr>` +
      `${row('Bor and its meadows', '4')}${row('Cul and its orchards', '5')}${row('West', 'Dun and its hills', '6')}</table>`,
  );
  const contextOf = (word: string) => chunks.find(({ text }) => text.includes(word))?.context;
  expect(contextOf('Ark')).toBe('| area | town | wells |');
  expect(contextOf('Bor')).toBe('| area | town | wells |\n| East \\| Ost |');
  expect(contextOf('Cul')).toBe('| area | town | wells |\n| East \\| Ost |');
  expect(contextOf('Dun')).toBe('| area | town | wells |');
});

it('puts the titles of a table before it', async () => {
  const { text } = await parsed(
    `<html><body><table><tr><td colspan=3>Yearly report</td></tr>${row('town', 'mills', 'wells')}${row('Ark', '3', '4')}</table></body></html>`,
  );
  expect(text).toBe('Yearly report\n\n| town | mills | wells |\n| --- | --- | --- |\n| Ark | 3 | 4 |');
});

it('leaves out a header that is too long for a context, and keeps the label', async () => {
  const wide = Array.from({ length: 40 }, (_, index) => `a long name of column ${index} here`);
  const chunks = await rowsOf(
    `<table>${row('area', ...wide)}<tr><td rowspan=2>East</td><td>Ark</td></tr>${row('Bor and all its meadows')}</table>`,
  );
  expect(chunks.at(-1)).toMatchObject({ context: '| East |' });
});
