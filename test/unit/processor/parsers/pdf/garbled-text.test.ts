import { describe, expect, it } from 'vitest';

import { isGarbled, saysTheSame } from '../../../../../src/processor/parsers/pdf/garbled-text.ts';

const PROSE =
  'The goat was granted without a vote, but nobody knew why. The mason asks for nine hundred crowns, ' +
  'and the council of Hallin has not yet said a word about it. It sleeps in the shade of the sea wall.';
const shifted = (by: number) =>
  PROSE.replace(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 97 + by) % 26) + 97));
const scrambled = PROSE.replace(/[a-z]/g, (letter) =>
  String.fromCharCode(0x21 + ((letter.charCodeAt(0) * 37 + 11) % 94)),
);

describe('a text is nonsense', () => {
  it.each([
    ['exchanged letters', shifted(3)],
    ['signs for letters', scrambled],
    [
      'private characters',
      PROSE.replace(/[a-z]/g, (letter) => String.fromCharCode(0xe000 + letter.charCodeAt(0))),
    ],
    ['replacement characters', PROSE.replace(/[aeiou]/g, '\ufffd')],
  ])('of %s', (_, text) => {
    expect(isGarbled(text)).toBe(true);
  });
});

describe('a text is not nonsense', () => {
  it.each([
    ['English', PROSE],
    [
      'German',
      'Die Ziege wurde ohne Abstimmung bewilligt, aber niemand wußte, warum. Der Maurer verlangt neunhundert Kronen für die schräge Mauer am Strand.',
    ],
    [
      'Polish',
      'Koza została przyznana bez głosowania, ale nikt nie wiedział dlaczego. Murarz żąda dziewięciuset koron za krzywy mur przy brzegu morza.',
    ],
    [
      'Finnish',
      'Vuohi myönnettiin ilman äänestystä, mutta kukaan ei tiennyt miksi. Muurari pyytää yhdeksänsataa kruunua ja vuohen, joka nukkuu muurin varjossa.',
    ],
    [
      'Russian',
      'Коза была дана без голосования, но никто не знал почему. Каменщик просит девятьсот крон за стену у моря, и совет города молчит об этом.',
    ],
    [
      'Japanese',
      '山羊は投票なしに与えられたが、誰もその理由を知らなかった。石工は九百クローネを求めている。'.repeat(4),
    ],
    [
      'program code',
      'for (const [name, value] of list) { if (value > 3 && name !== "x") found.push({ name, value: value * 2 }); } '.repeat(
        4,
      ),
    ],
    ['numbers', '| 1,024 | 33.5 % | 12 | 47.0 | 64.3 | 77.8 | 2031 | x | 99 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |'],
    ['a few words', 'xkcd qwrt zzz'],
  ])('%s', (_, text) => {
    expect(isGarbled(text)).toBe(false);
  });
});

it('compares two readings by their words', () => {
  expect(saysTheSame(PROSE, PROSE.replaceAll('e', 'c'))).toBe(true);
  expect(saysTheSame(shifted(3), PROSE)).toBe(false);
  expect(saysTheSame(PROSE, '')).toBe(false);
});
