import { expect, it } from 'vitest';

import { withoutHidden } from '../../../../src/processor/parsers/office/rtf-hidden.ts';
import { parsed } from '../../../helpers/documents/parsed.ts';

const rtf = async (words: string) => (await parsed(Buffer.from(`{\\rtf1\\ansi ${words}}`, 'latin1'))).text;

it('leaves out what is hidden', async () => {
  expect(await rtf(String.raw`a{\v b\'e9\u8364?{c}}d \v e\v0 f\v1 g\plain h`)).toBe('ad fh');
  expect(await rtf(String.raw`{\v {\b a}\v0 b}{\viewkind1 c}\\v d`)).toBe('bc\\v d');
});

it('leaves binary data alone', () => {
  const image = String.raw`{\v{\pict\bin7 \v0 {}}}}`;
  expect(withoutHidden(`${image}{\\v x}y`)).toBe(`${image}{\\v }y`);
});

it('keeps words apart that a page, a column or a section parts', async () => {
  expect(await rtf(String.raw`a\page b\column c\sect d\pagebb e\\page`)).toBe('a\n\nb\n\nc\n\nde\\page');
});
