import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

import { SMALL_FILES } from '../../fuzz/cases.ts';
import { residentMiB } from '../../helpers/measures/memory.ts';
import { PeakMemory } from '../../helpers/measures/peak-memory.ts';
import { processorChildren } from '../../helpers/processors/processor-children.ts';
import { useSluice } from '../../helpers/servers/use.ts';

const UPLOADS_EACH = 3;
/** Measured: 290, most of it the model. */
const MOST_CHILD_MIB = 512;
/** Measured: 136. */
const MOST_PROCESSOR_MIB = 256;

const sluice = useSluice({ env: { PROCESSOR_CHILDREN: '3' } });

test('with the bundled model, the processor and its children take bounded memory for what they do', async () => {
  const processor = await sluice.rolePid('processor');
  using memory = new PeakMemory(processor);
  const files = Array.from({ length: UPLOADS_EACH }, () => SMALL_FILES).flat();
  const uploads = await Promise.all(files.map((name) => sluice.upload(name)));
  const jobs = await Promise.all(uploads.map(({ job_id }) => sluice.ended(job_id)));
  const failures = jobs.flatMap(({ error_code }) => error_code ?? []);
  expect(failures).toEqual(Array.from({ length: 2 * UPLOADS_EACH }, () => 'encrypted'));

  expect(await memory.stop()).toBeLessThan(MOST_CHILD_MIB);
  expect((await residentMiB(processor)).peak).toBeLessThan(MOST_PROCESSOR_MIB);
  // Beyond this the kernel grants a child nothing, whatever it is given.
  for (const child of processorChildren(processor)) {
    expect(await readFile(`/proc/${child}/limits`, 'utf8')).toMatch(/^Max data size +3758096384 /m);
  }
});
