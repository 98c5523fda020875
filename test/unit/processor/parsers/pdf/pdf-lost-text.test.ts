import { expect, it } from 'vitest';

import type { PlacedText } from '../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';
import { LostText } from '../../../../../src/processor/parsers/pdf/pdf-lost-text.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';
import { pdf, textAt, turnedTextAt } from '../../../../helpers/documents/pdf-files.ts';

const LINE = 12;
/** Makes a piece of text on a page of 600 by 800 points. */
const piece = (text: string, left: number, top: number, rotation = 0): PlacedText => {
  const length = text.length * 5;
  const [width, height] = rotation === 0 ? [length, LINE] : [LINE, length];
  return { text, box: [left, top, left + width, top + height], rotation };
};
const restored = (markdown: string, pieces: readonly PlacedText[], lostText = new LostText(), reread = '') =>
  lostText.restore(markdown, pieces, [600, 800], async () => reread);

it('reads the turned text of a page', async () => {
  const page =
    textAt('Harvest by month', [72, 700]) +
    turnedTextAt('Barley in tons', [60, 400], 90) +
    textAt('January', [100, 380]) +
    turnedTextAt('Downward label at the edge', [580, 600], -90) +
    turnedTextAt('Aslant', [300, 500], 45);
  const { text } = await parsed(pdf([page]));
  for (const words of [
    'Harvest by month',
    'Barley in tons',
    'January',
    'Downward label at the edge',
    'Aslant',
  ])
    expect(text.split(words), words).toHaveLength(2);
});

it('reads text at the edge of all pages once, if the reader leaves it out', async () => {
  const page = (words: string, number: number) =>
    textAt(words, [72, 500]) + turnedTextAt(`Printed by the mill, sheet ${number}`, [20, 300], 90);
  const { text } = await parsed(
    pdf([page('First words.', 1), page('Other words.', 2), page('Last words.', 3)]),
  );
  expect(text).toContain('Printed by the mill, sheet 1');
  expect(text.split('Printed by the mill')).toHaveLength(2);
});

it('finds the lost label of a chart at the edge, though an earlier label has the same words', async () => {
  const lostText = new LostText();
  for (const top of [200, 300])
    expect(await restored('Words.', [piece('Words.', 100, 100), piece('Tons', 40, top, 90)], lostText)).toBe(
      'Words.\n\nTons',
    );
});

it('finds letters within signs, as those of units', async () => {
  const text = 'Rooms of 35㎡ at 21℃, ㈜ Mill™';
  expect(await restored(text, [piece(text, 60, 200), piece('Lost.', 60, 300)])).toBe(`${text}\n\nLost.`);
});

it('puts a lost paragraph behind the one that it follows in its column', async () => {
  const pieces = [
    piece('Of mills and weirs', 60, 150),
    piece('left one tells of the', 60, 200),
    piece('right one is a para-', 320, 200),
    piece('wheel and of water.', 60, 214),
    piece('graph that is lost.', 320, 214),
    piece('left two is here.', 60, 240),
    piece('right two is here.', 320, 240),
  ];
  const markdown = '# Of mills and weirs\n\nleft one tells of the wheel and of water. left two is here.';
  expect(await restored(`${markdown}\n\nright two is here.`, pieces)).toBe(
    `${markdown}\n\nright one is a paragraph that is lost.\n\nright two is here.`,
  );
});

it('puts a lost line into its paragraph, and one below a table behind the table', async () => {
  const lines = ['One line of a text,', 'the second of it,', 'and a third.'].map((text, index) =>
    piece(text, 60, 200 + index * 14),
  );
  expect(await restored('One line of a text, and a third.', lines)).toBe(
    'One line of a text,\nthe second of it,\nand a third.',
  );
  const cells = [
    piece('Mill', 60, 200),
    piece('Tons', 160, 200),
    piece('Upper', 60, 214),
    piece('31', 160, 214),
  ];
  const table = '| Mill | Tons |\n|---|---|\n| Upper | 31 |';
  const pieces = [...cells, piece('Weighed at the gate.', 60, 240), piece('Next comes this.', 60, 300)];
  expect(await restored(`${table}\n\nNext comes this.`, pieces)).toBe(
    `${table}\n\nWeighed at the gate.\n\nNext comes this.`,
  );
});

it('finds lost text beside text that the reader repeats', async () => {
  const pieces = [
    piece('All the trees of the orchard', 60, 200),
    piece('All the wells of the yard', 60, 300),
  ];
  const twice = '| All the trees of the orchard | All the trees of the orchard |';
  expect(await restored(twice, pieces)).toBe(`${twice}\n\nAll the wells of the yard`);
});

it('finds no loss in words that the reader cuts, joins or spells in another way', async () => {
  const pieces = [
    piece('The \ufb01rst syl-', 60, 200),
    piece('lable of a para\u00ad', 60, 214),
    piece('graph, cafe\u0301', 60, 228),
    piece('Cells of one line', 60, 300),
  ];
  const markdown = 'The first syllable of a paragraph, café\n\n| Cells | one |\n|---|---|\n| of | line |';
  expect(await restored(markdown, pieces)).toBe(markdown);
});

it('separates the words of turned text as the other reader does', async () => {
  const pieces = [piece('Upright.', 60, 300), piece('Sid ew ays (la bel)', 300, 310, 90)];
  const reread = 'Upright.\nSideways (label)';
  expect(await restored('Upright.', pieces, new LostText(), reread)).toBe('Upright.\n\nSideways (label)');
  expect(await restored('Upright.', pieces)).toBe('Upright.\n\nSid ew ays (la bel)');
});

it('takes time in proportion to the size of a page', async () => {
  const pieces = Array.from({ length: 30_000 }, (_, index) => piece(`word ${index}`, 60, 200));
  expect(await restored('nothing of it', pieces)).toContain('word 29999');
  const few = pieces.slice(0, 3000);
  expect(await restored('nothing of it', few)).toContain('word 2999');
});
