import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, expectTypeOf, test, vi } from 'vitest';

import {
  defineScript,
  nameLocals,
  namesOf,
  type AnyScript,
  type GivenTo,
  type ResultOf,
} from '../../../src/jobs/transitions/define-script.ts';
import { loadScripts } from '../../../src/jobs/transitions/load-scripts.ts';
import { SCRIPTS } from '../../../src/jobs/transitions/scripts.ts';
import { createKeys } from '../../../src/redis/keys.ts';

const LUA = join(import.meta.dirname, '../../../src/jobs/transitions/lua');
/** Stand before every script. */
const PRELUDES = ['changed', 'transition', 'lane', 'line', 'batch', 'costs'];
const files = readdirSync(LUA).filter((file) => !PRELUDES.some((name) => file === `${name}.lua`));
const registry = Object.entries<AnyScript>(SCRIPTS);

/** Reads a script without its comments. */
function codeOf(name: string): string {
  return readFileSync(join(LUA, `${name}.lua`), 'utf8').replaceAll(/--.*/g, '');
}

/** Lists all names of a definition. */
function allNamesOf(script: AnyScript): string[] {
  return Object.values(namesOf(script)).flat();
}

/** Lists the names that Lua code declares: locals, loop variables, functions and their parameters. */
function declaredIn(code: string): string[] {
  const lists = [
    ...code.matchAll(/\blocal (?!function\b)([\w, ]+)/g),
    ...code.matchAll(/\bfor ([\w, ]+?) (?:in\b|=)/g),
    ...code.matchAll(/\bfunction (\w+)/g),
    ...code.matchAll(/\bfunction \w*\(([\w, ]*)\)/g),
  ];
  return lists.flatMap(([, names = '']) => names.split(/[, ]+/)).filter((name) => name !== '');
}

test('each Lua file has a definition, and each definition a Lua file', () => {
  expect(registry.map(([name]) => `${name}.lua`).toSorted()).toEqual(files.toSorted());
});

test.each(registry)(
  '%s uses each name that its definition declares, and reads no key or argument by number',
  (name, script) => {
    const code = codeOf(name);
    const names = allNamesOf(script);
    expect(new Set(names).size).toBe(names.length);
    for (const one of names) expect(code).toMatch(new RegExp(`\\b${one}\\b`));
    expect(code).not.toMatch(/\b(?:KEYS|ARGV)\b/);
  },
);

test.each(registry)('%s hides neither its own names nor those before every script', (name, script) => {
  const names = allNamesOf(script);
  const before = PRELUDES.map(codeOf).join('\n');
  const inherited = [...before.matchAll(/^local (?:function )?(\w+)/gm)].map(([, one]) => one);
  expect(declaredIn(codeOf(name)).filter((one) => names.includes(one))).toEqual([]);
  expect(inherited.filter((one) => names.includes(one ?? ''))).toEqual([]);
});

test.each(files)('the header of %s says what it does, returns and publishes, and lists no keys', (file) => {
  const header = /^(?:--.*\n)+/.exec(readFileSync(join(LUA, file), 'utf8'))?.[0] ?? '';
  expect(header).toMatch(/\bPublishes\b/);
  expect(header).not.toMatch(/KEYS|ARGV/);
});

test('the generated line names keys and arguments in order, and pops the arguments behind a list', () => {
  const returns = () => {};
  expect(nameLocals(defineScript('a b', 'c d', returns))).toBe(
    'local a = KEYS[1] local b = KEYS[2] local c = ARGV[1] local d = ARGV[2]',
  );
  expect(nameLocals(defineScript('a', 'c d ...ids', returns))).toBe(
    'local a = KEYS[1] local d = table.remove(ARGV) local c = table.remove(ARGV) local ids = ARGV',
  );
});

test('a caller gives exactly the names that the loader does not fill, and gets a typed reply', () => {
  type Release = GivenTo<typeof SCRIPTS.release>;
  expectTypeOf<keyof Release>().toEqualTypeOf<'job_key' | 'id' | 'token'>();
  expectTypeOf<ResultOf<typeof SCRIPTS.release>>().toEqualTypeOf<boolean>();
  expectTypeOf<GivenTo<typeof SCRIPTS.renew>['claims']>().toEqualTypeOf<readonly (string | number)[]>();
  // @ts-expect-error `token` is missing
  const missing: Release = { job_key: 'k', id: 'i' };
  // @ts-expect-error `extra` is no name of the script
  const extra: Release = { job_key: 'k', id: 'i', token: 't', extra: 1 };
  expect([missing, extra]).toHaveLength(2);
});

test('a connection defines the scripts once, however many callers load them', () => {
  const redis = new Redis({ lazyConnect: true });
  const define = vi.spyOn(redis, 'defineCommand');
  for (let callers = 0; callers < 3; callers++) loadScripts(redis, createKeys());
  expect(define).toHaveBeenCalledTimes(registry.length);
  redis.disconnect();
});
