import type { Redis } from 'ioredis';

type Command = (...args: unknown[]) => Promise<unknown>;

/** A connection that remembers the scripts it runs, to send one again: what ioredis does after a lost reply. */
export function recordScripts(redis: Redis): {
  client: Redis;
  /** How many calls of a script there were. */
  calls(name: string): number;
  /** Sends every call of a script again, in their order. @returns the responses */
  replay(name: string): Promise<unknown[]>;
} {
  const sent: { name: string; args: unknown[] }[] = [];
  const client = new Proxy(redis, {
    get(target, name: string) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name.startsWith('sluice:')) sent.push({ name: name.slice('sluice:'.length), args });
        return (value as Command).apply(target, args);
      };
    },
  });
  const of = (name: string) => sent.filter((call) => call.name === name);
  return {
    client,
    calls: (name) => of(name).length,
    replay: async (name) => {
      const command = Reflect.get(redis, `sluice:${name}`) as Command;
      return Promise.all(of(name).map(({ args }) => command.apply(redis, args)));
    },
  };
}
