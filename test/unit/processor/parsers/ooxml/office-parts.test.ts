import { unzipSync } from 'fflate';
import { expect, it } from 'vitest';

import { docx, wordParagraph, zip } from '../../../../helpers/documents/office-files.ts';
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

it('reads parts whose paths some programs write in lower case, with backslashes', async () => {
  const parts = Object.entries(unzipSync(docx(wordParagraph('words'))));
  const renamed = parts.map(([path, part]) => [path.toLowerCase().replaceAll('/', '\\'), part] as const);
  expect((await parsed(zip(Object.fromEntries(renamed)))).text).toBe('words');
});
