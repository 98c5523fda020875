import { globSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { expect, it } from 'vitest';

import { ERROR_CODES } from '../../../src/contract/error-codes.ts';
import { JobSchema } from '../../../src/contract/job.ts';
import { openApiDocument } from '../../../src/http/openapi/openapi.ts';
import { errorPage } from '../../error-table.ts';

const lua = globSync('src/**/*.lua').map((path) => readFileSync(path, 'utf8'));

it('shows every code on the page, with its meaning and what to do', () => {
  expect(readFileSync('src/contract/ERRORS.md', 'utf8')).toBe(errorPage());
});

it('lists the codes that the Lua scripts write', () => {
  const written = lua.flatMap((text) =>
    [...text.matchAll(/'status', 'failed'[^{}]*'error_code', '(\w+)'/g)].map(([, code]) => code),
  );
  expect(written).toContain('stalled');
  for (const code of written) expect(ERROR_CODES).toHaveProperty(String(code));
});

it('lists the codes of jobs and of problems in the OpenAPI document', () => {
  const { Job, Problem } = openApiDocument.components.schemas;
  const jobCodes = JSON.stringify((Job['properties'] as Record<string, unknown>)['error_code']);
  const problemCodes = JSON.stringify((Problem['properties'] as Record<string, unknown>)['code']);
  for (const [code, entry] of Object.entries(ERROR_CODES)) {
    expect([code, jobCodes.includes(`"${code}"`)]).toEqual([
      code,
      ['job', 'document', 'processor'].some((name) => name in entry),
    ]);
    expect([code, problemCodes.includes(`"${code}"`)]).toEqual([code, 'http' in entry]);
  }
});

it.each(['http_418', 'a_code_of_my_own', 'Of another program'])('reads a job with the code %s', (code) => {
  expect(v.is(JobSchema.entries.error_code, code)).toBe(true);
});
