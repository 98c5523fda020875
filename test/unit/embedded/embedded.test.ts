import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test, vi } from 'vitest';

import { banner, browserUrl } from '../../../src/embedded/banner.ts';
import { choosePorts, listenError } from '../../../src/embedded/servers/ports.ts';
import { processIdentity, signalProcess } from '../../../src/embedded/process-identity.ts';
import { isReadyMessage } from '../../../src/embedded/role-process.ts';

test('ports are consecutive from the first, and others where those are taken', async () => {
  const { port } = await choosePorts(undefined, ['port']);
  // Apart from the ports that take the place of taken ones.
  const base = port + 8;
  const taken = createServer().listen(base + 1, '127.0.0.1');
  await once(taken, 'listening');
  const ports = await choosePorts(base, ['a', 'b', 'c']);
  expect(ports.a).toBe(base);
  expect(ports.b).not.toBe(base + 1);
  expect(ports.c).toBe(base + 2);
  expect(new Set(Object.values(ports)).size).toBe(3);
  expect(await listenError(base + 1, '127.0.0.1')).toContain('EADDRINUSE');
  taken.close();
});

test('processes that start at the same time look at different ports', async () => {
  const pid = vi.spyOn(process, 'pid', 'get');
  const chosen: number[] = [];
  for (let id = 40_000; id < 40_100; id++) {
    pid.mockReturnValue(id);
    vi.resetModules();
    const { choosePorts } = await import('../../../src/embedded/servers/ports.ts');
    chosen.push(...Object.values(await choosePorts(undefined, ['a', 'b', 'c', 'd'])));
  }
  pid.mockRestore();
  expect(new Set(chosen).size).toBe(chosen.length);
});

test('ports stay within what exists', async () => {
  const { a, b } = await choosePorts(65_535, ['a', 'b']);
  expect(a).toBeLessThanOrEqual(65_535);
  expect(b).toBeLessThan(65_535);
});

test('a process has one identity while it runs and none after', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const pid = child.pid!;
  expect(processIdentity(pid)).toBe(processIdentity(pid));
  expect(processIdentity(pid)).not.toBe(processIdentity(process.pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processIdentity(pid)).toBeUndefined();
  expect(() => signalProcess(pid, 'SIGTERM')).not.toThrow();
});

test('a process that has ended but is not reaped does not run', async () => {
  // The child ends once its parent has become a program that never reaps it.
  const child = `sh -c 'until grep -q sleep /proc/$PPID/comm; do :; done'`;
  const parent = spawn('sh', ['-c', `${child} & echo $!; exec sleep 600`], { stdio: 'pipe' });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await vi.waitFor(() => expect(processIdentity(pid)).toBeUndefined(), 60_000);
    expect(process.kill(pid, 0)).toBe(true);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('the banner names an address that can be opened, and no password', () => {
  expect(browserUrl('0.0.0.0', 80)).toBe('http://localhost:80');
  expect(browserUrl('::1', 80)).toBe('http://[::1]:80');
  const text = banner('http://localhost:80', '/data', [
    { name: 'redis', url: 'rediss://me:secret@there:6379/2', embedded: false },
  ]);
  expect(text).toContain('rediss://there:6379 (external)');
  expect(text).not.toContain('secret');
});

test('only a ready message is one', () => {
  expect(isReadyMessage({ type: 'ready', port: 1 })).toBe(true);
  for (const other of [undefined, null, 'ready', {}, { type: 'other' }])
    expect(isReadyMessage(other)).toBe(false);
});
