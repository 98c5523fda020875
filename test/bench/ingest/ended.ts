import { once } from 'node:events';
import { WebSocket } from 'ws';

import type { TestSluice } from '../../helpers/servers/sluice.ts';

/** Uploads a file. @returns the seconds from the response to the end of its job, as a watcher hears of it */
export async function secondsToEnd(sluice: TestSluice, file: string | File): Promise<number> {
  const { job_id } = await sluice.upload(file, { collection: 'bench' });
  const began = performance.now();
  const socket = new WebSocket(`${sluice.url.replace('http', 'ws')}/ws?job=${job_id}`);
  await once(socket, 'close');
  const seconds = (performance.now() - began) / 1000;
  const { status, error } = await sluice.job(job_id);
  if (status !== 'completed') throw new Error(`job ${job_id}: ${status} ${error}`);
  return seconds;
}
