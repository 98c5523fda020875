import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';

import { DOCUMENT_ERRORS } from '../../src/contract/processor.ts';
import { fuzz } from '../fuzz/fuzz.ts';

/** Of every type, the small ones. */
const FILES = [
  'korean-text-with-tables.pdf',
  'password.pdf',
  'fake_table.docx',
  'fake-power-point.pptx',
  'stanley-cups.xlsx',
  'password_protected.xlsx',
  'simple.odt',
  'fake-doc.rtf',
  'fake-email-b64.eml',
  'fake-email-utf-16.eml',
  'sample-readme.md',
  'stanley-cups.csv',
];
const CASES = 400;

/** `FUZZ_SEED` replays a run, with `FUZZ_CASE` one file of it. */
test('mutated documents are read, or refused with a code; nothing else happens', async () => {
  const seed = process.env['FUZZ_SEED'] ?? randomUUID().slice(0, 8);
  const only = process.env['FUZZ_CASE'];
  const report = await fuzz({ seed, cases: CASES, only: only ? Number(only) : undefined, files: FILES });
  console.log(`FUZZ_SEED=${seed}`, report);
  const allowed = ['read', ...Object.keys(DOCUMENT_ERRORS), 'deadline', 'parser_crashed'];
  expect(allowed).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
});
