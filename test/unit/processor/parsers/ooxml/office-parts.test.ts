import { expect, it } from 'vitest';

import { docx, wordParagraph } from '../../../../helpers/documents/office-files.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

it.each([
  ['a comment', '<!-- a > b -->'],
  ['an instruction', '<?a > b?>'],
])('refuses a part that declares a document type, behind %s too', async (_, before) => {
  const words = wordParagraph('words');
  expect((await parsed(docx(words, { doctype: before }))).text).toBe('words');
  const hostile = docx(words, { doctype: `${before}<!DOCTYPE x [<!ENTITY a "b">]>` });
  await expect(parsed(hostile)).rejects.toMatchObject({ code: 'corrupt' });
});
