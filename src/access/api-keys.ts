import { readFileSync } from 'node:fs';
import * as v from 'valibot';

import { SCOPES } from './principal.ts';

/** Defines one key: its scopes and the digest of its token. Sluice stores no token. */
const ApiKeySchema = v.strictObject({
  name: v.pipe(
    v.string(),
    v.regex(/^[\w.@-]{1,64}$/, 'must have 1 to 64 letters, digits or any of _ . @ -'),
    v.check((name) => name !== 'anonymous', 'is taken by requests without a key'),
  ),
  scopes: v.pipe(
    v.array(v.picklist(SCOPES, `must be one of ${SCOPES.join(', ')}`)),
    v.minLength(1, 'must name a scope'),
  ),
  sha256: v.pipe(
    v.string(),
    v.regex(/^[\da-f]{64}$/i, 'must be the SHA-256 of the token, in 64 hexadecimal digits'),
    v.toLowerCase(),
  ),
  expires_at: v.optional(
    v.pipe(v.string(), v.isoTimestamp('must be an ISO time, such as 2027-01-31T00:00:00Z')),
  ),
});

const ApiKeysSchema = v.pipe(
  v.string(),
  // The parser's own message quotes the text.
  v.parseJson(undefined, 'is no JSON'),
  v.array(ApiKeySchema, 'must be a JSON array of keys'),
  v.check((keys) => isUnique(keys.map(({ name }) => name)), 'two keys have the same name'),
  v.check((keys) => isUnique(keys.map(({ sha256 }) => sha256)), 'two keys have the same sha256'),
);
export type ApiKey = v.InferOutput<typeof ApiKeySchema>;

function isUnique(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}

/** Returns whether a setting holds the keys inline. Otherwise it holds the path of their file. */
export function isInline(setting: string): boolean {
  return setting.trimStart().startsWith('[');
}

/**
 * Reads the API keys.
 * @param setting a JSON array, or the path of a file that holds one
 * @throws an error that names the fault and quotes no value
 */
export function readApiKeys(setting: string): ApiKey[] {
  const parsed = v.safeParse(ApiKeysSchema, isInline(setting) ? setting : readFile(setting));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  // valibot's messages quote the received value.
  const words =
    issue.type === 'strict_object' ? 'is unknown or missing' : issue.message.replace(/ but received .*/, '');
  throw new Error(path === null ? words : `key ${path}: ${words}`);
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`must be a JSON array, or the path of a file that Sluice can read (${code})`, {
      cause: error,
    });
  }
}
