import type { Keys } from '../../redis/keys.ts';

type TextKey = { [Name in keyof Keys]: Keys[Name] extends string ? Name : never }[keyof Keys];

/** Names that the loader fills from `Keys`: every key and channel without parameters, and four prefixes. */
export type SharedName = TextKey | 'job_prefix' | 'document_prefix' | 'line_prefix' | 'lane_prefix';

type Split<Names extends string> = Names extends `${infer First} ${infer Rest}` ? First | Split<Rest> : Names;

/** A Lua script of `lua/`. In Lua, each key and argument is a local of its name. */
export interface Script<Key extends string, Arg extends string, Result> {
  /** Names of the keys, with spaces between; '' for none. */
  readonly keys: Key;
  /** Names of the arguments, with spaces between; '' for none. The last may be a list of any length: `...ids`. */
  readonly args: Arg;
  /** Parses the raw reply. */
  readonly returns: (reply: never) => Result;
  /** Whether the script makes work. Redis refuses it without free memory, and runs the others, which free some. */
  readonly needsMemory?: boolean;
}

/** A script of any names. */
export type AnyScript = Script<string, string, unknown>;

/** Names a script's keys and arguments, and parses its reply. The script's file has the name of the registry's entry. */
export function defineScript<Key extends string, Arg extends string, Result>(
  keys: Key,
  args: Arg,
  returns: (reply: never) => Result,
  options: Pick<Script<Key, Arg, Result>, 'needsMemory'> = {},
): Script<Key, Arg, Result> {
  return { keys, args, returns, ...options };
}

type Given<Name extends string> = {
  readonly [
    N in Name as N extends `...${infer List}` ? List : Exclude<N, SharedName | ''>
  ]: N extends `...${string}` ? readonly (string | number)[] : string | number;
};

/** The values that a caller passes to a script: all that the loader does not fill. */
export type GivenTo<S> = S extends Script<infer Key, infer Arg, unknown> ? Given<Split<Key | Arg>> : never;

/** The parsed reply of a script. */
export type ResultOf<S> = S extends Script<string, string, infer Result> ? Result : never;

/** Lists a script's names in the order in which Redis gets them. The list of any length precedes the arguments. */
export function namesOf({ keys, args }: AnyScript): { keys: string[]; list: string[]; args: string[] } {
  const split = (names: string) => names.split(' ').filter((word) => word !== '');
  const words = split(args);
  const list = words.filter((word) => word.startsWith('...'));
  return {
    keys: split(keys),
    list: list.map((word) => word.slice('...'.length)),
    args: words.slice(0, words.length - list.length),
  };
}

/**
 * Writes the Lua line that names a script's keys and arguments. A list stands first in ARGV, so that the arguments pop off
 * its end. This copies no list, and needs no `unpack`, which fails at 8,000 values.
 */
export function nameLocals(script: AnyScript): string {
  const { keys, list, args } = namesOf(script);
  const locals = (names: string[], table: string) =>
    names.map((name, i) => `local ${name} = ${table}[${i + 1}]`);
  const pops = args.toReversed().map((name) => `local ${name} = table.remove(ARGV)`);
  const given = list.length === 0 ? locals(args, 'ARGV') : [...pops, `local ${list[0]} = ARGV`];
  return [...locals(keys, 'KEYS'), ...given].join(' ');
}
