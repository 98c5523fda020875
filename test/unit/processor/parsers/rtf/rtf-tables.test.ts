import { expect, it } from 'vitest';

import { readRtf } from '../../../../../src/processor/parsers/rtf/rtf.ts';
import { readBlocks } from '../../../../helpers/documents/parsed.ts';

const raw = String.raw;
const read = (words: string) => readBlocks(readRtf, Buffer.from(`{\\rtf1\\ansi ${words}}`));
const rtf = (words: string) => read(words).text;

/** A row of cells with their right edges and further control words. */
const row = (cells: readonly (readonly [words: string, right: number, more?: string])[], more = '') =>
  raw`\trowd${more}${cells.map(([, right, about = '']) => raw`${about}\cellx${right}`).join('')}` +
  raw`\pard\intbl ${cells.map(([words]) => raw`${words}\cell`).join(' ')}\row\pard `;

it('reads tables, whether each cell is marked or not', () => {
  const table =
    row([
      ['a', 100],
      ['b', 200],
    ]) +
    row([
      ['c', 100],
      [raw`d\par{\b e}`, 200],
    ]);
  expect(rtf(raw`One.\par ${table}Two.`)).toBe('One.\n\n| a | b |\n| --- | --- |\n| c | d e |\n\nTwo.');
  expect(rtf(raw`a\cell b\cell\row c\cell d\cell\row x\par`)).toBe(
    '| a | b |\n| --- | --- |\n| c | d |\n\nx',
  );
  expect(rtf(raw`\trowd\cellx1\cellx2\intbl a\cell b`)).toBe('| a | b |\n| --- | --- |');
});

it('keeps cells in their columns by their edges', () => {
  const table =
    row([
      ['Site', 100],
      ['2031', 300],
      ['Sum', 400],
    ]) +
    row([
      ['', 100],
      ['Wool', 195],
      ['Milk', 301],
      ['', 400],
    ]) +
    row([
      ['Hill', 105],
      ['1', 200],
      ['2', 300],
      ['3', 400],
    ]);
  const { segments } = read(table);
  expect(segments.map(({ text }) => text).join('')).toBe(
    '| Site | 2031 |  | Sum |\n| --- | --- | --- | --- |\n|  | Wool | Milk |\n| Hill | 1 | 2 | 3 |',
  );
  expect(segments.at(-1)?.context).toBe('| Site | 2031 |  | Sum |\n|  | Wool | Milk |');
});

it('joins merged cells', () => {
  const table =
    row([
      ['a', 100],
      ['b', 200, raw`\clmgf`],
      ['', 300, raw`\clmrg`],
      ['c', 400],
    ]) +
    row([
      ['North', 100, raw`\clvmgf`],
      ['1', 200],
      ['2', 300],
      ['3', 400],
    ]) +
    row([
      ['', 100, raw`\clvmrg`],
      ['4', 200],
      ['5', 300],
      ['6', 400],
    ]) +
    row([
      ['South', 100],
      ['7', 200],
      ['8', 300],
      ['9', 400],
    ]);
  const { text, segments } = read(table);
  expect(text).toBe(
    '| a | b |  | c |\n| --- | --- | --- | --- |\n| North | 1 | 2 | 3 |\n|  | 4 | 5 | 6 |\n| South | 7 | 8 | 9 |',
  );
  expect(segments.find((segment) => segment.text.includes('| 4 |'))?.context).toBe(
    '| a | b |  | c |\n| North |',
  );
});

it('takes the rows that repeat on each page for a header', () => {
  const header =
    row(
      [
        ['a', 100],
        ['b', 200],
      ],
      raw`\trhdr`,
    ) +
    row(
      [
        ['c', 100],
        ['d', 200],
      ],
      raw`\trhdr`,
    );
  const { segments } = read(
    header +
      row([
        ['1', 100],
        ['2', 200],
      ]),
  );
  expect(segments.at(-1)).toMatchObject({ text: '| 1 | 2 |', context: '| a | b |\n| c | d |' });
});

it('reads tables within tables', () => {
  const inner = raw`\pard\intbl\itap2 x\nestcell y\nestcell{\*\nesttableprops\trowd\cellx50\cellx90\nestrow}{\nonesttables no\par}`;
  const table =
    raw`\trowd\cellx100\cellx200\pard\intbl a\par ${inner}\pard\intbl after\cell b\cell\row` +
    row([
      ['c', 100],
      ['d', 200],
    ]);
  expect(rtf(table)).toBe('| a x y after | b |\n| --- | --- |\n| c | d |');
});

it('reads notes of the words in a table after it, and lists in its cells', () => {
  const table = row([
    [raw`a{\footnote Note.}`, 100],
    [raw`{\listtext 1.\tab}b`, 200],
  ]);
  expect(rtf(table)).toBe('| a | 1. b |\n| --- | --- |\n\nNote.');
});

it('refuses more cells than it can place', () => {
  expect(() => rtf(raw`\cell`.repeat(500_000))).toThrow(expect.objectContaining({ code: 'text_too_long' }));
});
