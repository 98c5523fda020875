import { resolve } from 'node:path';
import { expect, test } from 'vitest';

import { MUTATIONS, mutate } from '../../helpers/faults/mutations.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

// The long run mutates a copy of the program, which takes an hour. This finds a renamed line at once.
test.each(MUTATIONS)('the program has the line of: $without', async (mutation) => {
  await expect(mutate(ROOT, mutation)).resolves.toContain(mutation.instead);
});
