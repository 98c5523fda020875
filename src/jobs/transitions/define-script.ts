import type { Keys } from '../../redis/keys.ts';

type TextKey = { [Name in keyof Keys]: Keys[Name] extends string ? Name : never }[keyof Keys];

/** Names that the loader fills from `Keys`: every key and channel without parameters, and two prefixes. */
export type SharedName = TextKey | 'job_prefix' | 'document_prefix';

type Split<Names extends string> = Names extends `${infer First} ${infer Rest}` ? First | Split<Rest> : Names;

/** A Lua script of `lua/`. In Lua, each key and argument is a local of its name. */
export interface Script<Key extends string, Arg extends string, Rest extends string, Result> {
  /** Names of the keys, with spaces between: in a list, each would take a line. */
  readonly keys: Key;
  /** Names of the arguments, with spaces between; '' for none. */
  readonly args: Arg;
  /** Names a list of any length, which comes beside the arguments. */
  readonly rest?: Rest;
  /** Whether the script makes work. Redis refuses it without free memory, and runs the others, which free some. */
  readonly needsMemory?: boolean;
  /** Parses the raw reply. */
  readonly returns: (reply: never) => Result;
}

/** A script of any names. */
export type AnyScript = Script<string, string, string, unknown>;

/** Names a script's keys and arguments, and parses its reply. The script's file has the name of the registry's entry. */
export function defineScript<Key extends string, Arg extends string, Result, Rest extends string = never>(
  script: Script<Key, Arg, Rest, Result>,
): Script<Key, Arg, Rest, Result> {
  return script;
}

type Given<Single extends string, Rest extends string> = {
  readonly [Name in Single]: string | number;
} & { readonly [Name in Rest]: readonly (string | number)[] };

/** The values that a caller passes to a script: all that the loader does not fill. */
export type GivenTo<S> =
  S extends Script<infer Key, infer Arg, infer Rest, unknown>
    ? Given<Exclude<Split<Key> | Split<Arg>, SharedName | ''>, Rest>
    : never;

/** The parsed reply of a script. */
export type ResultOf<S> = S extends Script<string, string, string, infer Result> ? Result : never;

/** Lists names that are written with spaces between. */
export function namesOf(names: string): string[] {
  return names.split(' ').filter((name) => name !== '');
}

/**
 * Writes the Lua line that names a script's keys and arguments. The rest stands first in ARGV, so that the arguments
 * pop off its end. This copies no list, and needs no `unpack`, which fails at 8,000 values.
 */
export function nameLocals({ keys, args, rest }: AnyScript): string {
  const locals = (names: string[], table: string) =>
    names.map((name, i) => `local ${name} = ${table}[${i + 1}]`);
  const pops = namesOf(args).map((name) => `local ${name} = table.remove(ARGV)`);
  const last =
    rest === undefined ? locals(namesOf(args), 'ARGV') : [...pops.toReversed(), `local ${rest} = ARGV`];
  return [...locals(namesOf(keys), 'KEYS'), ...last].join(' ');
}
