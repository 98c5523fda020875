import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const CROWD = join(import.meta.dirname, '../fixtures/hostile-crowd.ts');

/** A hostile client at work. */
export interface HostileCrowd {
  /** Ends it. @returns on how many connections each way got which status, such as `flood: 429` */
  stop(): Promise<Record<string, number>>;
}

/** Attacks a Sluice from another process and another address of this machine. */
export function startHostileCrowd(url: string): HostileCrowd {
  const child = fork(CROWD, [url], { silent: true });
  const printed = text(child.stdout as Readable);
  return {
    async stop() {
      child.disconnect();
      return JSON.parse(await printed) as Record<string, number>;
    },
  };
}
