import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

import { codesWith, ERROR_CODES, type ProblemCode } from '../../contract/error-codes.ts';
import { JobErrorCodeSchema } from '../../contract/job.ts';
import { ProblemCodeSchema } from '../../contract/problem.ts';

export type JsonSchema = Record<string, unknown>;

const type = 'string';
const JOB_CODES = [...codesWith('job'), ...codesWith('document'), ...codesWith('processor')];
const OTHER_CODES = '`http_` and a status, or a code of a processor of your own';
/** Known codes of the open schemas. The schemas lack them, because the page's bundle would carry the whole list. */
const CODES = new Map<unknown, JsonSchema>([
  [
    JobErrorCodeSchema,
    {
      anyOf: [
        { type, enum: JOB_CODES },
        { type, description: OTHER_CODES },
      ],
    },
  ],
  [ProblemCodeSchema, { type, enum: codesWith('http') }],
]);

/**
 * Converts a schema to JSON Schema: its input for requests, its output for responses.
 * @param named references to the schemas that the document describes elsewhere
 */
export function schemaOf(
  schema: v.GenericSchema,
  typeMode: 'input' | 'output',
  named: ReadonlyMap<unknown, object> = new Map(),
): JsonSchema {
  // Omits checks that JSON Schema lacks, because one of them would fail the whole document.
  const overrideSchema = ({ valibotSchema }: { valibotSchema: unknown }) =>
    CODES.get(valibotSchema) ?? named.get(valibotSchema);
  const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode, errorMode: 'ignore', overrideSchema });
  return rest;
}

/** Describes a JSON body by the name of its schema. */
export function json(name: string, type = 'application/json') {
  return { [type]: { schema: { $ref: `#/components/schemas/${name}` } } };
}

/** Describes a successful response by its text and the name of its schema. */
export function ok(description: string, schema: string) {
  return { 200: { description, content: json(schema) } };
}

/** Describes the responses of problem codes, by status. */
export function problems(...codes: ProblemCode[]) {
  return refusals(codes, json('Problem', 'application/problem+json'));
}

/** Describes them for the routes whose errors have OpenAI's shape. */
export function openAiProblems(...codes: ProblemCode[]) {
  return refusals(codes, json('OpenAiError'));
}

function refusals(codes: readonly ProblemCode[], content: object) {
  const byStatus = Map.groupBy(codes, (code) => String(ERROR_CODES[code].http[0]));
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\`: ${ERROR_CODES[code].http[1]}`).join('. '),
        content,
      },
    ]),
  );
}

/**
 * Describes the query parameters of a schema.
 * @param lists schemas of the parameters that take several values, separated by commas
 */
export function query(schema: v.GenericSchema, lists: Record<string, v.GenericSchema> = {}) {
  const { properties = {} } = schemaOf(schema, 'input') as { properties?: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, schema]) => {
    const parameter = { name, in: 'query', required: false };
    const list = lists[name];
    return list
      ? { ...parameter, style: 'form', explode: false, schema: schemaOf(list, 'input') }
      : { ...parameter, schema };
  });
}

/** Describes the header with the names that a documented route ignored. */
export const IGNORED = {
  'Sluice-Ignored': {
    description:
      'Parameters and form fields of the request that Sluice ignored, percent-encoded, with commas between; absent for none. `+` after a name: it is cut. `+7`: 7 more names.',
    schema: { type },
  },
};

/** Refusals of a request that needs all stores. */
export const STORE_PROBLEMS = ['storage_unavailable', 'installation_mismatch', 'queue_unavailable'] as const;

/** Describes an optional header of a request. */
export function header(name: string, schema: JsonSchema = { type: 'string' }) {
  return { name, in: 'header', required: false, schema };
}
