import { expect, it } from 'vitest';

import { onePagePdf } from '../../../../../helpers/documents/pdf-objects.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';

/** Reads lines drawn with 6 points between their letters. */
async function readSpaced(lines: readonly string[], gap = 6): Promise<string> {
  const drawn = lines.map(
    (line, index) => `BT /F 12 Tf ${gap} Tc 72 ${700 - index * 30} Td (${line}) Tj ET\n`,
  );
  const { text } = await parsed(onePagePdf(drawn.join('')));
  return text.replace(/[#\s]+/g, ' ').trim();
}

it('words whose letters are drawn wide apart are joined', async () => {
  expect(await readSpaced(['CHAPTER ONE'])).toBe('CHAPTER ONE');
  expect(await readSpaced(['The old mill, at last.'])).toBe('The old mill, at last.');
  expect(await readSpaced(['Garden'])).toBe('Garden');
  expect(await readSpaced(['Kleine Glocken'])).toBe('Kleine Glocken');
});

it('letters that are no words stay apart', async () => {
  expect(await readSpaced(['a b c d x', 'The rows x y z are short.'], 0)).toBe(
    'a b c d x The rows x y z are short.',
  );
});
