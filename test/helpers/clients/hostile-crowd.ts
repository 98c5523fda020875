import { fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const CROWD = join(import.meta.dirname, '../../fixtures/hostile-crowd.ts');

/** A running hostile client. */
export interface HostileCrowd {
  /** Ends it. @returns the number of connections per attack and status, such as `flood: 429` */
  stop(): Promise<Record<string, number>>;
}

/** Starts a process that attacks a Sluice from another address of this machine. */
export function startHostileCrowd(url: string): HostileCrowd {
  const child = fork(CROWD, [url], { silent: true });
  // Attackers elsewhere would take no CPU of the server's machine.
  setPriority(child.pid as number, constants.priority.PRIORITY_LOW);
  const printed = text(child.stdout as Readable);
  return {
    async stop() {
      child.disconnect();
      return JSON.parse(await printed) as Record<string, number>;
    },
  };
}
