import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

import { PROBLEMS, type ProblemCode } from '../../contract/problem.ts';

export type JsonSchema = Record<string, unknown>;

/** Converts a schema to JSON Schema: its input for requests, its output for responses. */
export function schemaOf(schema: v.GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  // Omits checks that JSON Schema lacks, because one of them would fail the whole document.
  const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode, errorMode: 'ignore' });
  return rest;
}

/** Describes a JSON body by the name of its schema. */
export function json(name: string) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

/** Describes the responses of problem codes, by status. */
export function problems(...codes: ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => String(PROBLEMS[code].status));
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

/** Describes the query parameters of a schema. */
export function query(schema: v.GenericSchema) {
  const { properties = {} } = schemaOf(schema, 'input') as { properties?: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

export const idInPath = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

/** Describes an optional header of a request. */
export function header(name: string, schema: JsonSchema = { type: 'string' }) {
  return { name, in: 'header', required: false, schema };
}
