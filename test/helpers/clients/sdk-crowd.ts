import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

import type { LinkState } from '../../../client/sdk/api.ts';

const FIXTURE = resolve(import.meta.dirname, '../../fixtures/sdk-crowd.ts');

/** What a process of a crowd does. */
export interface CrowdTask {
  url: string;
  /** Number of the first client. */
  first: number;
  count: number;
  /** Jobs to watch: two for each client. */
  known: readonly string[];
  /** Number of clients to each one that uploads. */
  uploaders: number;
  /** Number of clients to each one that watches all active jobs. */
  dashboards: number;
  /** Time in ms within which the uploads of a wave begin. */
  spreadMs: number;
}

/** Tells a process to upload the next file of each client, or to report. */
export type CrowdOrder = { type: 'upload'; wave: number; waves: number } | { type: 'report' };

export interface CrowdReport {
  /** Number of clients by the state of their line. */
  links: Partial<Record<LinkState, number>>;
  /** Jobs of the accepted uploads. */
  accepted: string[];
  /** Number of uploads, jobs and batches that have ended. */
  ends: number;
  /** Ids of those that have not ended. */
  open: string[];
  faults: string[];
}

/** Clients of the SDK in several processes, because one has too little CPU time for a thousand. */
export class SdkCrowd {
  readonly #children: ChildProcess[];

  /** @param processes over which the clients are divided */
  constructor(task: Omit<CrowdTask, 'first'>, processes: number) {
    const count = task.count / processes;
    this.#children = Array.from({ length: processes }, (_, i) =>
      fork(FIXTURE, [JSON.stringify({ ...task, count, first: i * count } satisfies CrowdTask)]),
    );
  }

  upload(wave: number, waves: number): void {
    for (const child of this.#children) child.send({ type: 'upload', wave, waves } satisfies CrowdOrder);
  }

  /** Joins the reports of all processes. */
  async report(): Promise<CrowdReport> {
    const reports = await Promise.all(
      this.#children.map(async (child) => {
        const message = once(child, 'message');
        child.send({ type: 'report' } satisfies CrowdOrder);
        return ((await message) as [CrowdReport])[0];
      }),
    );
    const links: CrowdReport['links'] = {};
    for (const report of reports)
      for (const [state, count] of Object.entries(report.links))
        links[state as LinkState] = (links[state as LinkState] ?? 0) + count;
    return {
      links,
      ends: reports.reduce((sum, { ends }) => sum + ends, 0),
      accepted: reports.flatMap(({ accepted }) => accepted),
      open: reports.flatMap(({ open }) => open),
      faults: reports.flatMap(({ faults }) => faults),
    };
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
  }
}
