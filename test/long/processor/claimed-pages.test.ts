import { expect, test } from 'vitest';

import { pdfOfPages } from '../../helpers/documents/bombs.ts';
import { parseOutcome } from '../../helpers/documents/parse-outcome.ts';
import { startTestProcessor } from '../../helpers/processors/processor.ts';

test('a PDF that claims 100,000 pages and has one is read', async () => {
  await using processor = await startTestProcessor({ children: 1, timeoutMs: 4000 });
  expect(await parseOutcome(processor.url, pdfOfPages('3 0 R', 100_000), 'a.pdf')).toMatchObject({
    text: 'words',
  });
});
