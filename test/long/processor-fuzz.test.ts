import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';

import { DOCUMENT_ERRORS } from '../../src/contract/processor.ts';
import { fuzz } from '../fuzz/fuzz.ts';
import { corpusPath } from '../helpers/corpus.ts';

/** The kernel's limit without what is only reserved. */
const MAX_CHILD_MIB = 3300;

/** `FUZZ_SEED` replays a run of `FUZZ_CASES` files, with `FUZZ_CASE` one file of it. */
test('thousands of mutated documents are read, or refused with a code; nothing else happens', async () => {
  const seed = process.env['FUZZ_SEED'] ?? randomUUID().slice(0, 8);
  const cases = Number(process.env['FUZZ_CASES'] ?? 10_000);
  const only = process.env['FUZZ_CASE'];
  const files = (await readdir(corpusPath(''))).filter((name) => name !== 'README.md').sort();
  const report = await fuzz({ seed, cases, only: only ? Number(only) : undefined, files });
  console.log(`FUZZ_SEED=${seed}`, report);
  const allowed = ['read', ...Object.keys(DOCUMENT_ERRORS), 'deadline', 'parser_crashed'];
  expect(allowed).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
  expect(report.peakMiB).toBeLessThan(MAX_CHILD_MIB);
});
