import { expect, it } from 'vitest';

import { qualityOf, withoutRepeatedHeads } from '../../helpers/documents/text-quality.ts';

const REFERENCE = ['One two three four five six.', 'Seven eight nine.'];

it.each([
  [REFERENCE, { recall: 1, precision: 1, order: 1 }],
  [['# one **two** three four five six', 'seven | eight | nine'], { recall: 1, precision: 1, order: 1 }],
  // Two blocks in the other order cost one pair of seven.
  [['four five six one two three', 'seven eight nine'], { recall: 1, precision: 1, order: 6 / 7 }],
  // Two columns line by line.
  [['one four two five three six', 'seven eight nine'], { recall: 1, precision: 1, order: 2 / 7 }],
  [['one two three four five six'], { recall: 6 / 9, precision: 1, order: 1 }],
  [['one one two three four five six', 'seven eight nine ten'], { recall: 1, precision: 9 / 11, order: 1 }],
])('compares %j', (pages, expected) => {
  for (const [name, share] of Object.entries(qualityOf(pages, REFERENCE)))
    expect([name, share]).toEqual([name, expect.closeTo(expected[name as keyof typeof expected], 5)]);
});

it('takes a running head once, whatever its page number', () => {
  const pages = ['Report 1\na\nb\nc\nd\ne\nf', 'Report 2\ng\nh\ni\nj\nk\nl'];
  expect(withoutRepeatedHeads(pages)).toEqual([pages[0], 'g\nh\ni\nj\nk\nl']);
});
