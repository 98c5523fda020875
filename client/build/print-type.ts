/** The parts of JSON Schema that the contract's schemas have. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  description?: string;
}

const SCALARS: Record<string, string> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/**
 * Prints a JSON Schema as a type of TypeScript.
 * @param onName called for each type that the printed one names
 */
export function printType(schema: JsonSchema, onName: (name: string) => void, indent = ''): string {
  const { $ref, type, const: only, enum: values, anyOf, items, properties } = schema;
  const print = (inner: JsonSchema) => printType(inner, onName, indent);
  if ($ref !== undefined) {
    const name = $ref.replace(/^#\/\$defs\//, '');
    onName(name);
    return name;
  }
  if (only !== undefined) return JSON.stringify(only);
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ');
  if (anyOf) return anyOf.map(print).join(' | ');
  if (type === 'array') {
    const item = print(items ?? {});
    return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
  }
  if (type === 'object' || properties) return printObject(schema, onName, indent);
  return SCALARS[type ?? ''] ?? 'unknown';
}

function printObject(
  { properties, required = [], additionalProperties }: JsonSchema,
  onName: (name: string) => void,
  indent: string,
): string {
  const deeper = `${indent}  `;
  if (!properties) {
    const values = typeof additionalProperties === 'object' ? additionalProperties : {};
    return `Record<string, ${printType(values, onName, indent)}>`;
  }
  const lines = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? '' : '?';
    const type = printType(schema, onName, deeper);
    return `${deeper}${name}${optional}: ${type}${optional && ' | undefined'};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}
