import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

import { PROBLEMS, type ProblemCode } from '../../contract/problem.ts';

export type JsonSchema = Record<string, unknown>;

/** The JSON Schema of what goes over the wire: input for requests, output for responses. */
export function schemaOf(schema: v.GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  // A regular expression or a check beyond JSON Schema is left out rather than failing the whole document.
  const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode, errorMode: 'ignore' });
  return rest;
}

/** A body that is one of the named schemas. */
export function json(name: string) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

/** The answers for these errors, by status. */
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

/** The query parameters of a schema. */
export function query(schema: v.GenericSchema) {
  const { properties = {} } = schemaOf(schema, 'input') as { properties?: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

export const idInPath = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

/** A header that a request may have. */
export function header(name: string, schema: JsonSchema = { type: 'string' }) {
  return { name, in: 'header', required: false, schema };
}
