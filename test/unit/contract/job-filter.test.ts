import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import {
  JOB_FILTER_FIELDS,
  JobQuerySchema,
  JobSelectionSchema,
  isFiltered,
} from '../../../src/contract/jobs.ts';
import { openApiDocument } from '../../../src/http/openapi/openapi.ts';

const ofQuery = (query: Record<string, string>) => v.safeParse(JobQuerySchema, query);
const ofBody = (body: unknown) => v.safeParse(JobSelectionSchema, body);

test('a query string and a body name the same filter', () => {
  const query = {
    status: 'queued,cancelled',
    error_code: 'corrupt,http_500',
    collection: 'papers',
    filename: 'a, b.pdf',
    created_after: '2026-11-28T20:36:54Z',
    created_before: '2026-11-28T20:36:55.5Z',
  };
  const body = { ...query, status: ['queued', 'cancelled'], error_code: ['corrupt', 'http_500'] };
  const filter = {
    ...body,
    created_after: Date.UTC(2026, 10, 28, 20, 36, 54),
    created_before: Date.UTC(2026, 10, 28, 20, 36, 55, 500),
  };
  expect(ofQuery(query)).toMatchObject({ success: true, output: { ...filter, limit: 50 } });
  expect(ofBody(body)).toMatchObject({ success: true, output: { ...filter, limit: 1000 } });
});

test('each filter is a field of the query string, of the body, and of OpenAPI', () => {
  const others = { query: ['limit', 'cursor', 'sort', 'total'], body: ['all', 'limit', 'cursor'] };
  const sorted = (...names: string[]) => names.toSorted();
  expect(sorted(...JOB_FILTER_FIELDS, ...others.query)).toEqual(
    sorted(...Object.keys(JobQuerySchema.entries)),
  );
  expect(sorted(...JOB_FILTER_FIELDS, ...others.body)).toEqual(
    sorted(...Object.keys(JobSelectionSchema.entries)),
  );
  const paths = openApiDocument.paths as Record<string, { get?: { parameters: { name: string }[] } }>;
  const parameters = paths['/api/jobs']!.get!.parameters;
  expect(sorted(...parameters.map(({ name }) => name))).toEqual(
    // Beside the filter, the same route reads jobs that the request names.
    sorted(...JOB_FILTER_FIELDS, ...others.query, 'ids', 'If-None-Match'),
  );
  expect(parameters.find(({ name }) => name === 'status')).toMatchObject({
    style: 'form',
    explode: false,
    schema: { type: 'array', items: { enum: expect.arrayContaining(['queued', 'cancelled']) } },
  });
});

describe('a time', () => {
  test.each([
    '2026-11-28',
    '2026-11-28T20:36:54',
    '2026-11-28T20:36:54+00:00',
    '2026-02-30T00:00:00Z',
    '2026-11-28T24:00:00Z',
    '2026-11-28T20:36:60Z',
    'yesterday',
    '',
  ])('%j is refused', (time) => {
    for (const name of ['created_after', 'created_before']) {
      const refused = { success: false, issues: [{ message: expect.stringContaining('in UTC') }] };
      expect(ofQuery({ [name]: time })).toMatchObject(refused);
      expect(ofBody({ [name]: time })).toMatchObject(refused);
    }
  });
});

test.each([
  [{ status: 'asleep' }],
  [{ status: '' }],
  [{ status: 'queued,' }],
  [{ error_code: '' }],
  [{ error_code: Array(51).fill('x').join(',') }],
  [{ filename: '' }],
  [{ collection: '.' }],
  [{ sort: 'random' }],
  [{ total: '1' }],
])('the query %j is refused', (query) => {
  expect(ofQuery(query)).toMatchObject({ success: false });
});

test.each([
  [{}],
  [{ limit: 5 }],
  [{ cursor: 'a' }],
  [{ all: false }],
  [{ all: true, status: ['failed'] }],
  [{ status: [] }],
  [{ status: 'failed' }],
  [{ error_code: [] }],
  [{ stauts: ['failed'] }],
  [{ status: ['failed'], sort: 'oldest' }],
  [{ all: true, limit: 0 }],
  [{ all: true, limit: 1001 }],
  [{ all: true, limit: 1.5 }],
  [[]],
  [null],
])('the body %j is refused', (body) => {
  expect(ofBody(body)).toMatchObject({ success: false });
});

test('a body without a filter means all jobs only if it says so', () => {
  expect(ofBody({ all: true, limit: 3 })).toMatchObject({ success: true, output: { all: true, limit: 3 } });
  expect(ofBody({})).toMatchObject({ issues: [{ message: expect.stringContaining('"all": true') }] });
});

test('a filter of one field is a filter, and paging is none', () => {
  for (const name of JOB_FILTER_FIELDS) expect(isFiltered({ [name]: 0 })).toBe(true);
  expect(isFiltered({ limit: 1, cursor: 'a', all: true } as object)).toBe(false);
});
