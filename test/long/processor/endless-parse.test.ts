import { expect, test } from 'vitest';

import { pdfOfPages } from '../../helpers/documents/bombs.ts';
import { parseOutcome } from '../../helpers/documents/parse-outcome.ts';
import { startTestProcessor } from '../../helpers/processors/processor.ts';

test('a parse that moves past the longest time fails with a code that is not tried again', async () => {
  await using processor = await startTestProcessor({ children: 1, timeoutMs: 3000 });
  const endless = pdfOfPages('3 0 R '.repeat(100_000), 100_000);
  expect(await parseOutcome(processor.url, endless, 'a.pdf')).toMatchObject({ code: 'takes_too_long' });
});
