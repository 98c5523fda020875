import { expect, it } from 'vitest';

import { withWholeWords } from '../../../../../../src/processor/parsers/pdf/words/whole-words.ts';

const CUT = 'T he mill of t he nort h st ands, at t he mout h of t he st ream.';

it.each([
  ['in their order', 'The mill of the north stands,\nat the mouth\nof the stream.'],
  ['in another order', 'at the mouth\nof the stream.\nThe mill of the north stands,'],
])('reads words whole that another reader reads whole, %s', async (_, other) => {
  const text = `# ${CUT}\n\n- ${CUT.toUpperCase()}`;
  expect(await withWholeWords(text, () => Promise.resolve(other))).toBe(
    `# The mill of the north stands, at the mouth of the stream.\n\n- ${CUT.toUpperCase()}`,
  );
});

it.each([
  ['has a blank there, too', CUT],
  ['reads other letters', 'The mole of the south pier stands there.'],
])('keeps the blanks if the other reader %s', async (_, other) => {
  expect(await withWholeWords(CUT, () => Promise.resolve(other))).toBe(CUT);
});

it('asks the other reader only if letters stand alone', async () => {
  const text = 'A mill of the north stands at a mouth, as I know. '.repeat(9);
  const fail = () => Promise.reject(new Error('not needed'));
  expect(await withWholeWords(text, fail)).toBe(text);
});
