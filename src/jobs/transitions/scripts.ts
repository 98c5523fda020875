import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';

import { retryWhileUnavailable } from '../../redis/connection.ts';
import { JOB_FIELDS } from '../model/job-event.ts';

/** How often a script that Redis turns out not to have is sent. */
const MOST_TRIES = 3;
const FOLDER = join(import.meta.dirname, 'lua');
const SCRIPTS = [
  'enqueue',
  'claim',
  'renew',
  'report',
  'fail',
  'retry',
  'retry-now',
  'release',
  'cancel',
  'rerun',
  'abandon',
  'expire-leases',
  'repair',
  'activate',
  'due-cleanups',
  'finish-cleanup',
  'put-off-cleanup',
  'withdraw',
  'open-epoch',
  'mark-dead',
  'restore-cancelled',
  'due-tombstones',
  'write-tombstone',
  'find-tombstones',
  'note-missing',
  'note-file-gone',
  'note-settings',
  'due-reindexes',
  'reindex',
  'canary',
] as const;
type ScriptName = (typeof SCRIPTS)[number];

/** Those that make work stop when Redis' memory is full; every other must run then, for ending jobs makes room. */
const NEEDS_MEMORY: ReadonlySet<string> = new Set(['enqueue', 'rerun', 'reindex']);

/** What goes before every script. */
export const PRELUDE = `local FIELDS = { ${JOB_FIELDS.map((field) => `'${field}'`).join(', ')} }
${readFileSync(join(FOLDER, 'transition.lua'), 'utf8')}`;

function source(name: string): string {
  const shebang = NEEDS_MEMORY.has(name) ? '#!lua' : '#!lua flags=allow-oom';
  return `${shebang}\n${PRELUDE}\n${readFileSync(join(FOLDER, `${name}.lua`), 'utf8')}`;
}

const sources = new Map(SCRIPTS.map((name) => [name, source(name)]));

/** Runs a script: `EVALSHA`, and `EVAL` where the server does not have it yet. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/** Makes the transition scripts callable on a connection. */
export function loadScripts(redis: Redis): RunScript {
  type Command = (keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<unknown>;
  const commands = redis as unknown as Record<string, Command>;
  for (const [name, lua] of sources) redis.defineCommand(`sluice:${name}`, { lua });
  return (name, keys, args) => {
    const command = commands[`sluice:${name}`] as Command;
    return retryWhileUnavailable(redis, async () => {
      for (let tries = 1; ; tries++) {
        try {
          return await command.call(redis, keys.length, ...keys, ...args);
        } catch (error) {
          // ioredis sends the whole script when Redis does not have it; but a master that has just lost its place
          // refuses that without keeping it, and only the next one takes it.
          if (tries === MOST_TRIES || !String(error).includes('NOSCRIPT')) throw error;
        }
      }
    });
  };
}
