import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { expect, test } from 'vitest';

import {
  RESPONSE_LIMITS,
  ChunkRequestSchema,
  ChunkResponseSchema,
  DOCUMENT_ERRORS,
  DOCUMENT_HEADER,
  EmbedRequestSchema,
  EmbedResponseSchema,
  MAX_CALL_SILENCES,
  ParseEventSchema,
  ParseResponseSchema,
  PROCESSOR_ERRORS,
  ProcessorHealthSchema,
  ProcessorProblemSchema,
} from '../../../src/contract/services/processor.ts';
import { CHUNKING_STRATEGIES } from '../../../src/contract/upload.ts';
import { DependencyError } from '../../../src/errors.ts';
import { toFailure } from '../../../src/processor-client/failures.ts';
import { decideRetry } from '../../../src/worker/run/retry-policy.ts';

const text = readFileSync(new URL('../../../src/contract/services/processor.md', import.meta.url), 'utf8');
const section = (heading: string) => text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
const blocks = (heading: string, language: string) =>
  [...section(heading).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\``, 'g'))].map(
    ([, block]) => block!,
  );
const json = (heading: string) => blocks(heading, 'json').map((block) => JSON.parse(block) as unknown);

const looseProblem = v.looseObject(ProcessorProblemSchema.entries);

test.each([
  ['`POST /parse`', [ParseResponseSchema]],
  ['`POST /chunk`', [ChunkRequestSchema, ChunkResponseSchema]],
  ['`POST /embed`', [EmbedRequestSchema, EmbedResponseSchema]],
  ['`GET /health`', [ProcessorHealthSchema]],
  ['Errors', [looseProblem]],
] as const)('every example of %s fits its schema, and no shape goes without one', (heading, schemas) => {
  const examples = json(heading);
  expect(examples).toHaveLength(schemas.length);
  for (const [index, schema] of schemas.entries())
    expect(v.parse(schema, examples[index])).toEqual(examples[index]);
});

test('every line of the examples of /parse fits the schema, and they come to the same as its JSON', () => {
  const responses = blocks('`POST /parse`', 'ndjson').map((block) =>
    block.split('\n').map((line) => v.parse(ParseEventSchema, JSON.parse(line))),
  );
  const types = responses.flat().map(({ type }) => type);
  expect([...new Set(types)].sort()).toEqual(['chunk', 'end', 'error', 'progress', 'segment']);
  expect(responses.map((lines) => lines.at(-1)?.type)).toEqual(['end', 'end', 'error']);
  const whole = v.parse(ParseResponseSchema, json('`POST /parse`')[0]);
  const pieces = responses[0]!.filter((line) => line.type === 'segment');
  expect(pieces.map((piece) => piece.text).join('')).toBe(whole.text);
  expect(pieces.map(({ page, heading }) => ({ page, heading }))).toEqual(
    whole.segments.map(({ page, heading }) => ({ page, heading })),
  );
});

test('the upload in the example is as long as it says, and of the document that the others are about', () => {
  const [head, fields, ...rest] = blocks('`POST /parse`', 'http')[0]!.split('\n\n');
  const { text: document } = v.parse(ParseResponseSchema, json('`POST /parse`')[0]);
  const tail = '\n\n--b--';
  expect(rest.join('\n\n')).toBe(document.trimEnd() + tail);
  // The form's own lines end in CRLF, those of the document as they do.
  const bytes = `${fields}\n\n`.replaceAll('\n', '\r\n') + document + '\r\n--b--\r\n';
  expect(head).toContain(`Content-Length: ${bytes.length}`);
});

test('the chunks of the example are cut from its text', () => {
  const [request, response] = json('`POST /chunk`');
  const { text: whole } = v.parse(ChunkRequestSchema, request);
  for (const { text, start, end } of v.parse(ChunkResponseSchema, response).chunks) {
    expect(text).toBe(whole.slice(start, end));
  }
  for (const strategy of CHUNKING_STRATEGIES) expect(section('`POST /chunk`')).toContain(`\`${strategy}\``);
});

test('every code is explained with its status, and what becomes of the job is what the worker does', () => {
  const rows = [...section('Errors').matchAll(/^\| `(\w+)` \| (\d+) \| [^|]+ \| ([^|]+) \|$/gm)].map(
    ([, code, status, job]) => ({ code: code!, status: Number(status), job: job! }),
  );
  const statuses = Object.fromEntries(rows.map(({ code, status }) => [code, status]));
  expect(statuses).toEqual({
    ...Object.fromEntries(Object.keys(DOCUMENT_ERRORS).map((code) => [code, 422])),
    ...Object.fromEntries(Object.entries(PROCESSOR_ERRORS).map(([code, { status }]) => [code, status])),
  });
  for (const { code, status, job } of rows) {
    const { code: read } = v.parse(ProcessorProblemSchema, { code, detail: 'Words.' });
    const failure = toFailure(read, 'Words.', status);
    const expected = { unreachable: /^waits/, crashed: /^repeats the call twice/, interrupted: /never/ };
    const { action } = decideRetry(failure, 'parse', 0, 3);
    const pattern = { ...expected, transient: /^is retried/, permanent: /^fails at once$/ }[failure.kind];
    expect(job, code).toMatch(pattern);
    if (failure.kind === 'transient' || failure.kind === 'permanent') {
      expect(action).toBe(failure.kind === 'transient' ? 'retry' : 'fail');
    }
    expect(failure).toBeInstanceOf(DependencyError);
  }
});

test('the limits, and the header, are those of the caller', () => {
  const rules = section('Rules for every call');
  const mib = (bytes: number) => `${bytes / 1024 / 1024} MiB`;
  const { lineBytes, parseBytesPerChar, chunkBytesPerChar, spareBytes, embedBytes, smallBytes } =
    RESPONSE_LIMITS;
  expect(rules).toMatch(
    new RegExp(`\`/parse\` \\| ${parseBytesPerChar} bytes for each .*, and ${mib(spareBytes)}`),
  );
  expect(rules).toMatch(
    new RegExp(`\`/chunk\` \\| ${chunkBytesPerChar} bytes for each .*, and ${mib(spareBytes)}`),
  );
  expect(rules).toContain(`| one line of it | ${mib(lineBytes)} |`);
  expect(rules).toContain(`| \`/embed\` | ${mib(embedBytes)} |`);
  expect(rules).toContain(`| \`/health\`, an error | ${smallBytes / 1024} KiB |`);
  expect(rules).toContain(`the header \`${DOCUMENT_HEADER}\``);
  expect(rules).toContain(`A call may take ${MAX_CALL_SILENCES} times`);
});
