import { expect, test } from 'vitest';

import { residentMiB } from '../../helpers/measures/memory.ts';
import { processorChildren } from '../../helpers/processors/processor-children.ts';
import { startTestProcessor } from '../../helpers/processors/processor.ts';

const TEXTS = Array.from({ length: 250 }, (_, index) => `word ${index}`);
/** Grows while the code that runs often is compiled; later in a few steps, as the heap finds its size. */
const WARM_UP_ROUNDS = 2;
const ROUNDS = 4;
/** Limit in MiB: 40 KB a text, which is what a few tensors take. */
const MOST_GROWTH_MIB = 40;

test('the bundled model keeps no memory of the texts that it has embedded', async () => {
  await using processor = await startTestProcessor({ embeddings: undefined, children: 1 });
  const embed = async () => {
    const body = JSON.stringify({ texts: TEXTS });
    const response = await fetch(`${processor.url}/embed`, { method: 'POST', body });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await embed();
  const [child] = processorChildren(process.pid);
  const before = (await residentMiB(child!)).now;
  for (let round = 0; round < ROUNDS; round++) await embed();
  expect((await residentMiB(child!)).now - before).toBeLessThan(MOST_GROWTH_MIB);
});
