import { expect, it } from 'vitest';

import { pdf, textAt } from '../../../../../helpers/documents/pdf-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';

/** Reads lines below each other, and restores their hyphens. */
async function readLines(lines: readonly string[]): Promise<string> {
  const page = lines.map((line, index) => textAt(line, [50, 700 - index * 14])).join('');
  return (await parsed(pdf([page]))).text.replace(/\s+/g, ' ');
}

it.each([
  ['a syllable', ['Nobody could explain the con-', 'tent of the letter.'], 'the content of'],
  ['a word that the dictionary lacks', ['The harbour of Kittiwa-', 'kesund is deep.'], 'Kittiwakesund'],
  ['a word with an ending', ['They were recon-', 'sidering the plan.'], 'reconsidering'],
])('%s is joined', async (_, lines, words) => {
  expect(await readLines(lines)).toContain(words);
});

it.each([
  ['two words', ['There is a long-', 'term plan for the mill.'], 'a long-term plan'],
  ['words with endings', ['It is for self-', 'employed millers alone.'], 'self-employed millers'],
  ['a prefix before its vowel', ['They saw the re-', 'entry of the carts.'], 're-entry'],
  ['a compound', ['It is an up-to-', 'date list of goats.'], 'up-to-date'],
  ['a capital letter', ['They came from Anglo-', 'Norman houses.'], 'Anglo-Norman'],
  ['numbers', ['It is on pages 10-', '12 of the book.'], '10-12 of'],
  ['a form of the same document', ['The wod-wo sings. A wod-', 'wo sings again.'], 'A wod-wo sings again'],
  ['an em dash between words', ['The road grew wider\x97', 'wider than any.'], 'wider-wider'],
  ['an em dash before a short word', ['They saw a thing\x97', 'it was a goat.'], 'thing-it was'],
])('%s keep their hyphen or dash', async (_, lines, words) => {
  expect(await readLines(lines)).toContain(words);
});
