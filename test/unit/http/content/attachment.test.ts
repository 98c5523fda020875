import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';

import { attachment } from '../../../../src/http/content/attachment.ts';

const FORM = /^attachment; filename="([^"\\%]*)"; filename\*=UTF-8''((?:[\w!#$&+.^`|~-]|%[\dA-F]{2})*)$/;

function names(filename: string): [fallback: string | undefined, name: string] {
  const [, fallback, encoded = ''] = FORM.exec(attachment(filename)) ?? [];
  return [fallback, decodeURIComponent(encoded)];
}

test.each([
  ['report.pdf', 'report.pdf', 'report.pdf'],
  ['a "quoted" name.txt', 'a _quoted_ name.txt', 'a "quoted" name.txt'],
  ['line\r\nSet-Cookie: a=b.txt', 'lineSet-Cookie: a=b.txt', 'lineSet-Cookie: a=b.txt'],
  ['naïve 🦜.txt', 'na_ve _.txt', 'naïve 🦜.txt'],
  ['ti\u202etxt.exe', 'titxt.exe', 'titxt.exe'],
  ['\u200f\u061c', 'unnamed', 'unnamed'],
  ['../../etc/passwd', '.._.._etc_passwd', '.._.._etc_passwd'],
  ['..\\a.txt', '.._a.txt', '.._a.txt'],
  ["100%41 (it's) *.txt", "100_41 (it's) *.txt", "100%41 (it's) *.txt"],
  ['half \ud83d.txt', 'half _.txt', 'half \ufffd.txt'],
  ['', 'unnamed', 'unnamed'],
])('%j is downloaded as %j, and by new clients as %j', (filename, fallback, name) => {
  expect(names(filename)).toEqual([fallback, name]);
});

test('no name breaks out of the header', () => {
  assert(
    property(string({ unit: 'binary' }), (filename) => {
      const [fallback, name] = names(filename);
      expect(fallback).toMatch(/^[\x20-\x7e]+$/);
      expect(name).not.toMatch(/[/\\\r\n\0]/);
    }),
  );
});
