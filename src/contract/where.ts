import * as v from 'valibot';

/** Levels of a filter: a condition within at most 7 joins. Chroma 1.0.5 takes 32 and refuses 64. */
const MAX_DEPTH = 8;
/** Conditions and joins of a filter. Chroma 1.0.5 takes 800, fails at 1,000 and dies at 10,000; 256 take it 60 ms. */
const MAX_TERMS = 256;
/** Values in all lists of a filter. Chroma 1.0.5 takes 10,000 and fails at 30,000. */
const MAX_OPERANDS = 2000;
const EQUALITIES = new Set(['$eq', '$ne']);
const ORDERS = new Set(['$gt', '$gte', '$lt', '$lte']);
const MEMBERSHIPS = new Set(['$in', '$nin']);
const JOINS = new Set(['$and', '$or']);
const FORM =
  'must be {"field": value}, {"field": {"$eq"|"$ne"|"$gt"|"$gte"|"$lt"|"$lte"|"$in"|"$nin": …}}, or {"$and"|"$or": [two or more of these]}';

/** Names the fault of a filter. Only this module throws and catches it. */
class FilterError extends Error {}

/** Checks one filter, and counts its terms and values. */
class FilterCheck {
  #terms = 0;
  #operands = 0;

  /** @throws {FilterError} */
  filter(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw new FilterError(`may nest $and and $or ${MAX_DEPTH - 1} deep at most`);
    if (++this.#terms > MAX_TERMS)
      throw new FilterError(`may have ${MAX_TERMS} terms at most; use $in for many values of one field`);
    const [name, operand] = onlyEntry(value);
    if (!JOINS.has(name)) return this.#condition(name, operand);
    if (!Array.isArray(operand) || operand.length < 2)
      throw new FilterError(`${name} takes a list of two or more filters`);
    for (const part of operand) this.filter(part, depth + 1);
  }

  #condition(field: string, condition: unknown): void {
    if (field.startsWith('$')) throw new FilterError(`"${field}" is no operator here; it ${FORM}`);
    if (!field.isWellFormed()) throw new FilterError('has a field whose name holds half of a character');
    if (typeof condition !== 'object' || condition === null) return void kindOf(condition);
    const [operator, operand] = onlyEntry(condition);
    if (EQUALITIES.has(operator)) kindOf(operand);
    else if (ORDERS.has(operator)) order(operator, operand);
    else if (MEMBERSHIPS.has(operator)) this.#membership(operator, operand);
    else throw new FilterError(`"${operator}" is no operator; it ${FORM}`);
  }

  #membership(operator: string, operands: unknown): void {
    if (!Array.isArray(operands) || operands.length === 0)
      throw new FilterError(`${operator} takes a list of one or more values`);
    this.#operands += operands.length;
    if (this.#operands > MAX_OPERANDS)
      throw new FilterError(`may have ${MAX_OPERANDS} values in its lists at most`);
    const kinds = [...new Set(operands.map(kindOf))];
    if (kinds.length > 1)
      throw new FilterError(
        `${operator} takes values of one kind, not ${kinds.join(' and ')}; join two lists with $or`,
      );
  }
}

function order(operator: string, operand: unknown): void {
  const kind = kindOf(operand);
  if (kind === 'text' || kind === 'booleans')
    throw new FilterError(`${operator} takes a number, not ${kind}`);
}

function onlyEntry(value: unknown): [string, unknown] {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [entry] = entries;
  if (!entry || entries.length > 1 || Array.isArray(value)) throw new FilterError(FORM);
  return entry;
}

/** Returns the kind of a scalar, as Chroma distinguishes them. @throws {FilterError} for a value that Chroma refuses */
function kindOf(value: unknown): 'text' | 'booleans' | 'whole numbers' | 'fractions' {
  if (typeof value === 'boolean') return 'booleans';
  if (typeof value === 'string') {
    if (value.isWellFormed()) return 'text';
    throw new FilterError('has a text that holds half of a character');
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new FilterError(FORM);
  if (!Number.isInteger(value)) return 'fractions';
  // Larger numbers lose digits in JSON, and Chroma refuses some of them.
  if (Number.isSafeInteger(value)) return 'whole numbers';
  throw new FilterError(`has a whole number beyond ±${Number.MAX_SAFE_INTEGER}`);
}

/** Returns the fault of a filter; `undefined` for a valid one. */
function filterProblem(value: object): string | undefined {
  try {
    if (Object.keys(value).length > 0 || Array.isArray(value)) new FilterCheck().filter(value, 1);
    return undefined;
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}

/**
 * Checks a filter over chunks' metadata, as Chroma takes it. An empty one filters nothing. Its bounds keep Chroma alive:
 * at most 8 levels, 256 terms, and 2,000 values in lists of one kind each.
 */
export const WhereSchema = v.pipe(
  v.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null, FORM),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? filterProblem(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);
