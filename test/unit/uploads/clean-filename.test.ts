import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { cleanFilename } from '../../../src/uploads/clean-filename.ts';
import { wellFormed } from '../../../src/well-formed.ts';

test.each([
  [`${'a'.repeat(254)}😀`, `${'a'.repeat(254)}😀`],
  [`${'a'.repeat(255)}😀`, 'a'.repeat(255)],
  ['😀'.repeat(300), '😀'.repeat(255)],
  ['invoice\u200f\u061c\u2028\u2029\u202e\u2066\u200b\ufefffdp.exe', 'invoicefdp.exe'],
  ['a\r\nb\u0085c\u0000.txt', 'abc.txt'],
  ['می\u200cخواهم 👩\u200d🔬.pdf', 'می\u200cخواهم 👩\u200d🔬.pdf'],
  ['say %22hi%22 %0D%0A100%25.txt', 'say "hi" 100%25.txt'],
  ['half\ud800.txt', 'half\ufffd.txt'],
  ['\u200f \u2028', 'unnamed'],
  [undefined, 'unnamed'],
])('%j is shown as %j', (name, shown) => expect(cleanFilename(name)).toBe(shown));

test('text that is cut anywhere stays well-formed and is a prefix', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, most) => {
      const cut = wellFormed(text, most);
      expect(cut.isWellFormed()).toBe(true);
      expect(Array.from(cut)).toEqual(Array.from(text).slice(0, most));
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { maxLength: 50 }), fc.nat(40), (units, most) =>
      wellFormed(String.fromCharCode(...units), most).isWellFormed(),
    ),
  );
});
