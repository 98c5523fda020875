import * as v from 'valibot';

const MAX_DEPTH = 8;
const COMPARISONS = new Set(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte']);
const MEMBERSHIPS = new Set(['$in', '$nin']);

const isScalar = (value: unknown) =>
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value));

function isCondition(value: unknown): boolean {
  if (isScalar(value)) return true;
  const entries = Object.entries(value ?? {});
  const [[operator, operand] = ['', undefined]] = entries;
  if (typeof value !== 'object' || entries.length !== 1) return false;
  if (COMPARISONS.has(operator)) return isScalar(operand);
  return MEMBERSHIPS.has(operator) && Array.isArray(operand) && operand.length > 0 && operand.every(isScalar);
}

function isFilter(value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  const [[name, operand] = ['', undefined]] = entries;
  if (entries.length !== 1) return false;
  if (name !== '$and' && name !== '$or') return !name.startsWith('$') && isCondition(operand);
  return Array.isArray(operand) && operand.length > 1 && operand.every((part) => isFilter(part, depth + 1));
}

/** A filter over chunks' metadata, as Chroma takes it; an empty one filters nothing. */
export const WhereSchema = v.custom<Record<string, unknown>>(
  (value) =>
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0) || isFilter(value, 1),
  'must be {"field": value}, {"field": {"$eq"|"$ne"|"$gt"|"$gte"|"$lt"|"$lte"|"$in"|"$nin": …}}, or {"$and"|"$or": [two or more of these]}',
);
