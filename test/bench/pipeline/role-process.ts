import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

import type { Role } from '../../../src/config.ts';
import { respondsOverHttp } from '../../helpers/servers/managed-process.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

export interface RoleProcess {
  pid: number;
  url: string;
  close(): Promise<void>;
}

/** Starts one role as it runs in production, and waits until it is ready. */
export async function startRoleProcess(role: Role, env: Record<string, string>): Promise<RoleProcess> {
  const child = spawn(process.execPath, [MAIN, role], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit');
  const port = await Promise.race([
    once(child, 'message').then(([message]) => (message as { port: number }).port),
    ended.then(([code]) => Promise.reject(new Error(`the ${role} ended with ${code} at its start`))),
  ]);
  const url = `http://127.0.0.1:${port}`;
  const path = role === 'processor' || role === 'keywords' ? '/health' : '/readyz';
  while (!(await respondsOverHttp(url + path)));
  return {
    pid: child.pid as number,
    url,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
