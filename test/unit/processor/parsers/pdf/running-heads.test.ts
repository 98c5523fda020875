import { expect, it } from 'vitest';

import { pdf, textAt } from '../../../../helpers/documents/pdf-files.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

async function readPages(pages: readonly string[]): Promise<string[]> {
  const { segments } = await parsed(pdf(pages));
  return pages.map((_, index) =>
    segments
      .filter(({ page }) => page === index + 1)
      .map(({ text }) => text.replace(/\s+/g, ' ').trim())
      .join(' '),
  );
}

const body = (page: number) =>
  textAt(`The goat of year ${page} has eaten the minutes.`, [50, 500]) +
  textAt(`Nobody misses them in year ${page}, not even the clerk.`, [50, 486]);
const sentences = (page: number) =>
  `The goat of year ${page} has eaten the minutes. Nobody misses them in year ${page}, not even the clerk.`;
const PAGES = [1, 2, 3, 4];

it('keeps a running head and foot once, and no page number of later pages', async () => {
  const pages = PAGES.map(
    (page) =>
      textAt('Minutes of Hallin', [50, 770], 9) + body(page) + textAt(`Page ${page} of 4`, [270, 30], 9),
  );
  expect(await readPages(pages)).toEqual([
    `Minutes of Hallin ${sentences(1)} Page 1 of 4`,
    ...[2, 3, 4].map(sentences),
  ]);
});

it('keeps different text at the same place, such as numbered headings', async () => {
  const pages = PAGES.map((page) => textAt(`Exercise ${page}`, [50, 770], 18) + body(page));
  for (const [index, text] of (await readPages(pages)).entries()) {
    expect(text).toContain(`Exercise ${index + 1} ${sentences(index + 1)}`);
  }
});

it('keeps text that a page repeats elsewhere, and the only text of a page', async () => {
  const head = textAt('Minutes of Hallin', [50, 770], 9);
  const quoted = textAt('Minutes of Hallin', [50, 600]);
  const [, second, third] = await readPages([head + body(1), head + quoted + body(2), head]);
  expect(second).toContain('Minutes of Hallin');
  expect(third).toBe('Minutes of Hallin');
});
