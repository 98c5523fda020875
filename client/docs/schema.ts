import { element } from './element.ts';

/** The parts of JSON Schema that the server's documents use. */
export interface Schema {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
}

/** Shows a schema: a table of the fields of an object, or a line for anything else. Named schemas open on demand. */
export function renderSchema(schema: Schema, named: Record<string, Schema>): HTMLElement {
  const name = nameOf(schema);
  if (name !== undefined) {
    const details = element('details', { class: 'schema' }, [element('summary', {}, name)]);
    // Fills it when it opens, because schemas may name each other without end.
    details.addEventListener('toggle', () => details.append(renderSchema(named[name] ?? {}, named)), {
      once: true,
    });
    return details;
  }
  if (!schema.properties) return element('p', {}, [typeOf(schema)]);
  const rows = Object.entries(schema.properties).map(([field, value]) =>
    element('tr', {}, [
      element('th', { scope: 'row' }, [element('code', {}, field)]),
      element('td', {}, schema.required?.includes(field) ? 'required' : ''),
      element('td', {}, [describe(value, named)]),
    ]),
  );
  return element('div', { class: 'scroll' }, [element('table', {}, rows)]);
}

function describe(schema: Schema, named: Record<string, Schema>): HTMLElement {
  const inner = schema.items && (schema.items.properties ?? schema.items.$ref) ? schema.items : schema;
  const shown = inner.properties || inner.$ref ? [renderSchema(inner, named)] : [];
  return element('div', {}, [typeOf(schema), ...shown]);
}

/** Names a type in a few words. */
function typeOf(schema: Schema): string {
  const { type, items, description } = schema;
  const several = schema.anyOf ?? schema.oneOf;
  const base = nameOf(schema)
    ? ''
    : schema.const !== undefined
      ? JSON.stringify(schema.const)
      : schema.enum
        ? schema.enum.map((value) => JSON.stringify(value)).join(' | ')
        : several
          ? [...new Set(several.map(typeOf))].join(' | ')
          : items
            ? `list of ${nameOf(items) ?? items.type ?? 'values'}`
            : (type ?? 'any value');
  const preset = schema.default === undefined ? '' : `, by default ${JSON.stringify(schema.default)}`;
  return base + preset + (description === undefined ? '' : `. ${description}`);
}

function nameOf({ $ref }: Schema): string | undefined {
  return $ref?.split('/').at(-1);
}
