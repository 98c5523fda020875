import * as v from 'valibot';

/** A key of a JSON value that its schema does not have. */
export interface UnknownKey {
  key: string;
  /** Where the object with the key stands, with a point at its end: `items.3.`; empty for the whole value. */
  path: string;
  /** Keys that the schema has there. */
  known: string[];
}

/** The parts of schemas that hold other schemas. Each kind of schema has some of them. */
interface SchemaParts {
  type: string;
  entries?: Record<string, v.GenericSchema>;
  item?: v.GenericSchema;
  wrapped?: v.GenericSchema;
  options?: readonly v.GenericSchema[];
}

/** Kinds of object that take any other key. */
const OPEN = ['loose_object', 'object_with_rest'];

/**
 * Finds the first unknown key of a parsed JSON value, at any depth. It sees into objects, lists, options of a union and
 * optional values. A schema that checks its value itself, such as a search filter, has no keys here.
 */
export function findUnknownKey(schema: v.GenericSchema, value: unknown, path = ''): UnknownKey | undefined {
  const { type, entries, item, wrapped, options } = schema as unknown as SchemaParts;
  if (typeof value !== 'object' || value === null) return undefined;
  if (wrapped) return findUnknownKey(wrapped, value, path);
  if (options) {
    // If no option fits, the value is refused for that.
    const fitting = options.filter((option) => v.is(option, value));
    const found = fitting.map((option) => findUnknownKey(option, value, path));
    return found.includes(undefined) ? undefined : found[0];
  }
  if (item && Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      const found = findUnknownKey(item, element, `${path}${index}.`);
      if (found) return found;
    }
  }
  if (!entries || Array.isArray(value)) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (entry) {
      const found = findUnknownKey(entry, inner, `${path}${key}.`);
      if (found) return found;
    } else if (!OPEN.includes(type)) return { key, path, known: Object.keys(entries) };
  }
  return undefined;
}
