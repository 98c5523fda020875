import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useFolder, useRedis } from '../../helpers/servers/use.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';

/** Lets a signal take the process its rights to files, and give them back. */
const TOGGLES_RIGHTS = `data:text/javascript,
  process.on('SIGUSR2', () => process.seteuid(process.geteuid() === 0 ? 65534 : 0));`;
const FILE = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n';
const LARGE = FILE.replace('hello', 'x'.repeat(300_000));
const WRONG = FILE.replace('"file"', '"doc"');
const FIELD = '--b\r\ncontent-disposition: form-data; name="collection"\r\n\r\nabc\r\n';
const BAD = FIELD.replace('abc', '!');
const END = '--b--\r\n';
/** Forms with their parts in every order, some of them damaged. */
const FORMS = [
  FILE + END,
  FILE + FIELD + END,
  FIELD + FILE + END,
  FIELD + LARGE + FIELD + END,
  FILE + BAD + END,
  FILE + FILE + END,
  WRONG + FILE + END,
  FILE + WRONG + END,
  LARGE.slice(0, -3),
  `${FILE}--b\r\ncontent-disp`,
  `${FILE}--b\r\n\0\0`,
];
const HOW = ['at once', 'slowly', 'cut off'] as const;

const redis = useRedis();
const store = useFolder();
let node: GatewayNode;

/** Sends a form. @returns the status and code of the response; undefined if the connection ended before */
async function send(form: string, how: (typeof HOW)[number]): Promise<string | undefined> {
  const socket = connect(node.port, '127.0.0.1').on('error', () => {});
  let received = '';
  socket.on('data', (bytes: Buffer) => (received += bytes.toString()));
  const over = once(socket, 'close').catch(() => {});
  const length = form.length + (how === 'cut off' ? 100 : 0);
  socket.write(
    `POST /api/documents/upload HTTP/1.1\r\nHost: 127.0.0.1:${node.port}\r\nConnection: close\r\n` +
      `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\n\r\n`,
  );
  const step = how === 'slowly' ? Math.ceil(form.length / 3) : form.length;
  for (let at = 0; at < form.length; at += step) {
    // Waits longer than a failing open takes.
    if (how === 'slowly') await sleep(15);
    socket.write(form.slice(at, at + step));
  }
  if (how === 'cut off') {
    await sleep(15);
    socket.destroy();
  }
  await over;
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(received) ?? [];
  return status && `${status} ${/"code":"(\w+)"/.exec(received)?.[1]}`;
}

const descriptors = async () => (await readdir(`/proc/${node.pid}/fd`)).map(Number);
const limitDescriptors = (limit: string) =>
  void execFileSync('prlimit', ['--pid', String(node.pid), `--nofile=${limit}`]);

/** Sends every form in every way while a fault lasts: all are refused with a code, and nothing is left. */
async function expectRefusals(expected: string): Promise<void> {
  const found = await responses();
  expect(found).toContain(expected);
  for (const response of found) if (response) expect(response).toMatch(/^(?:4\d\d|503|507) \w+$/);
  expect(await redis.client.keys('job:*')).toEqual([]);
}
async function responses(): Promise<Set<string | undefined>> {
  const found = new Set<string | undefined>();
  for (const how of HOW) for (const form of FORMS) found.add(await send(form, how));
  return found;
}
/** After a fault uploads are taken again, and no descriptor is left open. */
async function expectRecovery(before: number): Promise<void> {
  // The store is believed again when it is looked at next, within seconds.
  await expect.poll(() => send(FILE + END, 'at once')).toMatch(/^202 /);
  await redis.client.flushall();
  await expect.poll(async () => (await descriptors()).length).toBeLessThanOrEqual(before + 3);
}

// Only who may mount can make these faults.
const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe.runIf(mayMount)('an api answers with a code, stays alive, and acknowledges nothing', () => {
  let before: number;

  beforeAll(
    () => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,nr_inodes=1000', 'none', store]),
  );
  afterAll(() => void execFileSync('umount', ['--lazy', store]));
  node = use(() => GatewayNode.start(redis.url, ['api', 'gateway'], ['--import', TOGGLES_RIGHTS], store));
  beforeAll(async () => {
    await expectAccepted(await upload(node.url));
    await redis.client.flushall();
    before = (await descriptors()).length;
  });

  test('while its store is read-only', async () => {
    await expect.poll(() => remount('ro')).toBe(0);
    await expectRefusals('503 storage_unavailable');
    await expect.poll(() => remount('rw')).toBe(0);
    await expectRecovery(before);
  });

  test('while its store has no free inode', async () => {
    const fillers: string[] = [];
    for (let full = false; !full;) {
      const path = join(store, `filler-${fillers.length}`);
      full = await writeFile(path, '').then(
        () => false,
        () => true,
      );
      fillers.push(path);
    }
    await expectRefusals('507 disk_full');
    await Promise.all(fillers.map((path) => rm(path, { force: true })));
    await expectRecovery(before);
  });

  test('while it has no right to its store', async () => {
    execFileSync('chmod', ['0700', store]);
    node.signal('SIGUSR2');
    await expect.poll(() => send(FILE + END, 'at once')).toBe('503 storage_unavailable');
    await expectRefusals('503 storage_unavailable');
    node.signal('SIGUSR2');
    await expectRecovery(before);
  });

  test.each([1, 2])('with %i free descriptors', async (free) => {
    const used = new Set(await descriptors());
    let limit = 0;
    for (let found = 0; found < free; limit++) if (!used.has(limit)) found++;
    limitDescriptors(`${limit}:`);
    const found = await responses();
    expect(found).toContain('503 storage_unavailable');
    // One that closes meanwhile is free for the next upload, which is taken then.
    for (const response of found) if (response) expect(response).toMatch(/^(?:202|4\d\d|503) \w+$/);
    limitDescriptors('4096:');
    await expectRecovery(before);
  });

  test('while 400 half-open uploads meet a limit of 256 descriptors', async () => {
    limitDescriptors('256:');
    const head =
      `POST /api/documents/upload HTTP/1.1\r\nHost: 127.0.0.1:${node.port}\r\n` +
      `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000\r\n\r\n`;
    const open = () => {
      const socket = connect(node.port, '127.0.0.1').on('error', () => {});
      socket.write(head + FILE);
      return socket;
    };
    // These connect within the limit, and exceed it with their files. All at once, the connections alone could exceed it.
    const sockets = Array.from({ length: 150 }, open);
    await expect.poll(async () => (await descriptors()).length).toBeGreaterThan(250);
    sockets.push(...Array.from({ length: 250 }, open));
    // Long enough for all to meet the limit, of which no event tells.
    await sleep(500);
    for (const socket of sockets) socket.destroy();
    limitDescriptors('4096:');
    await expectRecovery(before);
  });
});

function remount(mode: 'ro' | 'rw'): number | null {
  return spawnSync('mount', ['-o', `remount,${mode}`, store]).status;
}
