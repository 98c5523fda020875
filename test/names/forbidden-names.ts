import { basename } from 'node:path';
import { parseSync, Visitor } from 'vite';

export interface ForbiddenName {
  line: number;
  name: string;
  /** The words to use. */
  instead: string;
}

/** Words that no identifier and no file name has, in kebab case, with the project's word for each concept. */
const FORBIDDEN: readonly (readonly [words: string, instead: string])[] = [
  ['history|histories', 'epoch'],
  ['sequences?', 'offset'],
  ['answers?|answered|answering|unanswered', 'response, respond, or reply'],
  ['to-job$', 'job view'],
  ['strays?', 'orphan'],
  ['bury|buries|buried', 'mark dead'],
  ['shared-rounds?', 'single-flight'],
  ['outlasts?|patien\\w+', 'retryWhileUnavailable, retrying, or the limit that it is'],
  ['judges?|verdicts?', 'decideRetry, RetryDecision'],
  ['run-again', 'rerun'],
  ['queue-again', 'requeue'],
  ['mend|mends|mended|mending', 'normalize'],
  ['side-by-side', 'concurrently'],
];
const RULES = FORBIDDEN.map(([words, instead]) => ({
  words: new RegExp(`(?:^|-)(?:${words})(?:-|$)`),
  instead,
}));

/** Properties that others have named: a published code, or a library. Everything else maps them to the project's word. */
const NAMED_BY_OTHERS: readonly { property: string; files: RegExp }[] = [
  { property: 'bad_answer', files: /^src\/contract\/error-codes\.ts$/ },
  { property: 'history', files: /^client\/app\/scroll-place\.ts$/ },
  { property: 'sequence', files: /^test\/(?:vitest\.config|longest-first)\.ts$/ },
];

/** A name in a text. `isProperty` is false for a variable, a parameter, a type, a function and a class member. */
interface Name {
  name: string;
  at: number;
  isProperty: boolean;
}

/**
 * Finds forbidden words in a file's name and identifiers. Strings and comments may hold any word.
 * @param path relative to the project, with slashes; `.lua`, `.ts` or `.mjs`
 */
export function forbiddenNames(path: string, text: string): ForbiddenName[] {
  const names = path.endsWith('.lua') ? namesOfLua(text) : namesOfScript(path, text);
  const outside = NAMED_BY_OTHERS.filter(({ files }) => files.test(path)).map(({ property }) => property);
  return [{ name: basename(path).replace(/\..*/, ''), at: 0, isProperty: false }, ...names].flatMap(
    ({ name, at, isProperty }) => {
      const rule = RULES.find(({ words }) => words.test(toKebab(name)));
      if (!rule || (isProperty && outside.includes(name))) return [];
      return [{ line: text.slice(0, at).split('\n').length, name, instead: rule.instead }];
    },
  );
}

function toKebab(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3-$2')
    .replaceAll(/[_$]+/g, '-')
    .toLowerCase();
}

function namesOfScript(path: string, text: string): Name[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`);
  const names = new Map<number, Name>();
  const properties = new Set<number>();
  const add = ({ name, start: at }: { name: string; start: number }) =>
    void names.set(at, { name, at, isProperty: false });
  new Visitor({
    Identifier: add,
    PrivateIdentifier: add,
    Property: ({ key, computed, shorthand }) => void (computed || shorthand || properties.add(key.start)),
    TSPropertySignature: ({ key, computed }) => void (computed || properties.add(key.start)),
    MemberExpression: ({ property, computed }) => void (computed || properties.add(property.start)),
  }).visit(program);
  return [...names.values()].map((name) => ({ ...name, isProperty: properties.has(name.at) }));
}

const LUA_TOKEN = /--[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*/g;

function namesOfLua(text: string): Name[] {
  return [...text.matchAll(LUA_TOKEN)]
    .filter(([token]) => /^\w/.test(token))
    .map(({ 0: name, index: at }) => ({ name, at, isProperty: false }));
}
