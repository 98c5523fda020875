import { expect, test } from 'vitest';

import { titleLine } from '../../../../../src/processor/parsers/text/title-line.ts';

test.each([
  ['Notes on the harbour\n\nThe pier is closed.', 'Notes on the harbour'],
  ['\n\n  Notes \n \n\nThe pier is closed.', 'Notes'],
  ['1. Introduction\n\nThe pier', '1. Introduction'],
  ['Is the pier closed?\n\nYes.', 'Is the pier closed?'],
  ['港口记录\n\n码头关闭。', '港口记录'],
  ['Notes on the harbour\n\nby Anna Berg\n\nThe pier', 'Notes on the harbour'],
  [`${'x'.repeat(120)}\n\nY`, 'x'.repeat(120)],
])('%j has a title', (text, title) => {
  expect(titleLine(text)).toBe(title);
});

test.each([
  'Dear Anna,\n\nthe pier is closed.',
  'The pier is closed.\n\nIt opens at nine.',
  'Notes on the harbour\nThe pier is closed.',
  'Notes on the harbour',
  'Notes on the harbour\n\n',
  '* * *\n\nThe pier is closed.',
  `${'x'.repeat(121)}\n\nY`,
  '码头关闭。\n\n九点开放。',
  '“The pier is closed.”\n\nIt opens at nine.',
  'She said: “The pier is closed.”\n\nIt opens at nine.',
  'It was the best of times and\n\nthe worst of times.',
  'package main\n\nimport "fmt"',
  '',
  '\n'.repeat(1_000_000),
  ' '.repeat(1_000_000),
])('%.30j has none', (text) => {
  expect(titleLine(text)).toBeUndefined();
});
