import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';

import { retryWhileUnavailable } from '../../redis/connection.ts';
import type { Keys } from '../../redis/keys.ts';
import { JOB_FIELDS } from '../model/job-event.ts';
import {
  nameLocals,
  namesOf,
  type AnyScript,
  type GivenTo,
  type ResultOf,
  type SharedName,
} from './define-script.ts';
import { SCRIPTS } from './scripts.ts';

/** Most sends of one script to a Redis that lacks it. */
const MOST_TRIES = 3;
const FOLDER = join(import.meta.dirname, 'lua');

/** Stands before every script. */
export const PRELUDE = `local FIELDS = { ${JOB_FIELDS.map((field) => `'${field}'`).join(', ')} }
${['changed', 'transition', 'lane', 'line', 'batch', 'costs'].map((name) => readFileSync(join(FOLDER, `${name}.lua`), 'utf8')).join('\n')}`;

/** Every script gets one more argument than its definition names, because `commit` needs it. */
const LAST_ARGUMENT = 'batch_prefix = table.remove(ARGV)';

type Name = keyof typeof SCRIPTS;
type Value = string | number | readonly (string | number)[];
type Command = (keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<unknown>;

/** Runs a script with the values of its names, and parses its reply. It fills in the keys and channels of `Keys`. */
export type RunScript = <N extends Name>(
  name: N,
  given: GivenTo<(typeof SCRIPTS)[N]>,
) => Promise<ResultOf<(typeof SCRIPTS)[N]>>;

const scripts = Object.fromEntries(
  Object.entries<AnyScript>(SCRIPTS).map(([name, script]) => {
    const shebang = script.needsMemory ? '#!lua' : '#!lua flags=allow-oom';
    const body = readFileSync(join(FOLDER, `${name}.lua`), 'utf8');
    const lua = `${shebang}\n${PRELUDE}\n${LAST_ARGUMENT}\n${nameLocals(script)}\n${body}`;
    const { keys, list, args } = namesOf(script);
    const names = [...keys, ...list, ...args];
    return [name, { command: `sluice:${name}`, lua, keyCount: keys.length, names }];
  }),
);
/** Connections that have the scripts, because each definition costs a hash of its text. */
const loaded = new WeakSet<Redis>();

/** A call of `migrate`. `stream` is the socket that its reply came from; absent while the call is under way. */
interface Migration {
  done: Promise<void>;
  stream?: unknown;
}
/** The last migration of each connection. A reconnect may lead to an older copy of the data, so it needs another. */
const migrations = new WeakMap<Redis, Migration>();

/**
 * Makes the scripts callable on a connection, once: `EVALSHA`, and `EVAL` where the server lacks the script. The
 * migration of an older version's data goes before the first script after each connect. The script does not wait for the
 * reply, because an upload has little time. If Redis refuses only the migration, the next one begins another epoch.
 */
export function loadScripts(redis: Redis, keys: Keys): RunScript {
  if (!loaded.has(redis))
    for (const { command, lua } of Object.values(scripts)) redis.defineCommand(command, { lua });
  loaded.add(redis);
  const commands = redis as unknown as Record<string, Command>;
  const {
    jobPrefix: job_prefix,
    documentPrefix: document_prefix,
    linePrefix: line_prefix,
    lanePrefix: lane_prefix,
  } = keys;
  const shared = { ...keys, job_prefix, document_prefix, line_prefix, lane_prefix };
  const run: RunScript = async (name, given) => {
    const { command, keyCount, names } = scripts[name] as (typeof scripts)[string];
    const values: Record<string, Value> = given;
    const sent = names.flatMap((one) => values[one] ?? shared[one as SharedName]);
    const reply = await retryWhileUnavailable(redis, async () => {
      for (let tries = 1; ; tries++) {
        try {
          return await (commands[command] as Command).call(redis, keyCount, ...sent, keys.batchPrefix);
        } catch (error) {
          // ioredis sends the whole script when Redis lacks it. A master that has just lost its place refuses that
          // without keeping it. Only the next send succeeds.
          if (tries === MOST_TRIES || !String(error).includes('NOSCRIPT')) throw error;
        }
      }
    });
    return SCRIPTS[name].returns(reply as never) as ResultOf<(typeof SCRIPTS)[typeof name]>;
  };
  const older = { older_offset: keys.olderOffset, older_epoch: keys.olderEpoch };
  const migrate = async () => {
    await run('migrate', older);
    (migrations.get(redis) as Migration).stream = redis.stream;
  };
  return async (name, given) => {
    let migration = migrations.get(redis);
    if (!migration || (migration.stream !== undefined && migration.stream !== redis.stream)) {
      migration = { done: migrate() };
      migrations.set(redis, migration);
      // The caller gets the error, too. The next one tries again.
      migration.done.catch(() => migrations.delete(redis));
    }
    const [result] = await Promise.all([run(name, given), migration.done]);
    return result;
  };
}
