import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { residentMiB } from '../../helpers/measures/memory.ts';
import { respondsOverHttp } from '../../helpers/servers/managed-process.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

export interface ProcessorProcess {
  url: string;
  /** The most memory that it and its children have held, in MiB: the sum of each one's own peak. */
  peakMiB(): Promise<number>;
  close(): Promise<void>;
}

/** Starts the processor role as it runs in production: a process of its own, with its children. */
export async function startProcessorProcess(
  folder: string,
  env: Record<string, string>,
): Promise<ProcessorProcess> {
  const child = spawn(process.execPath, [MAIN, 'processor'], {
    env: { ...process.env, PORT: '0', DATA_DIR: folder, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const pid = child.pid as number;
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const url = `http://127.0.0.1:${port}`;
  while (!(await respondsOverHttp(`${url}/health`)));
  return {
    url,
    async peakMiB() {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
      const pids = [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
      const peaks = await Promise.all(pids.map(async (each) => (await residentMiB(each)).peak));
      return peaks.reduce((sum, peak) => sum + peak, 0);
    },
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
