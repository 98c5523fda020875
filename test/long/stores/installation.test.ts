import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import {
  agreeOn,
  documentIds,
  expectRefused,
  identity,
  InstallationCopies,
  untilReady,
  withRedis,
} from '../../helpers/stores/installations.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const installations = new InstallationCopies();

test('a wrong REDIS_KEY_PREFIX deletes nothing, and only the command moves the installation to it', async () => {
  const then = new Date(Date.now() - 8 * DAY_MS);
  const before = await installations.files();
  for (const name of before) await utimes(join(installations.dataDir, 'blobs', name), then, then);

  const wrong = await installations.start({ REDIS_KEY_PREFIX: 'wrong:' });
  await expectRefused(wrong);
  const refusals = wrong
    .output()
    .match(/^.*"role":"api\+gateway".*$/gm)!
    .filter((line) => line.includes(installations.live.id));
  expect(refusals).toEqual([expect.stringMatching(/REDIS_KEY_PREFIX \\"\\".*\\"wrong:\\".*npm run adopt/)]);
  // Waits long enough for each sweep.
  await sleep(3000);
  expect(await installations.files()).toEqual(before);
  await wrong.stop();

  const right = await installations.start();
  await untilReady(right);
  expect(await documentIds(right)).toEqual([installations.live.document]);
  await right.stop();

  // No Sluice runs, so the command starts the embedded servers itself.
  expect(await installations.adopt('blobs', { REDIS_KEY_PREFIX: 'wrong:' })).toMatch(
    /"wrong:" now, in place of ""/,
  );
  const moved = await installations.start({ REDIS_KEY_PREFIX: 'wrong:' });
  await untilReady(moved);
  await agreeOn(moved, installations.live.id, 'wrong:');
});

test('an empty Redis adopts the id, and its jobs are restored', async () => {
  await rm(join(installations.dataDir, 'redis'), { recursive: true });
  const running = await installations.start();
  await untilReady(running);
  await agreeOn(running, installations.live.id);
  expect((await running.ended(installations.live.document)).status).toBe('completed');
  expect(await documentIds(running)).toEqual([installations.live.document]);
});

test('an empty Chroma adopts the id', async () => {
  const before = await installations.files();
  await rm(join(installations.dataDir, 'chroma'), { recursive: true });
  const running = await installations.start();
  await untilReady(running);
  await agreeOn(running, installations.live.id);
  expect(await installations.files()).toEqual(before);
});

test('an emptied blob store adopts the id, and the log names the lost originals', async () => {
  const { store } = await identity(installations.dataDir);
  await rm(join(installations.dataDir, 'blobs'), { recursive: true });
  const running = await installations.start();
  await untilReady(running);
  await agreeOn(running, installations.live.id);
  expect((await identity(installations.dataDir)).store).not.toBe(store);
  expect(running.output()).toMatch(/"documents":1.*originals of earlier documents are not in it/);
});

test('data of a version without ids get one, once', async () => {
  const first = await installations.start();
  await untilReady(first);
  await withRedis(first.redisUrl, (redis) =>
    redis.del('installation', 'installation:store', 'sluice:installations'),
  );
  await first.stop();
  await rm(join(installations.dataDir, 'blobs', 'installation.json'));
  await rm(join(installations.dataDir, 'chroma'), { recursive: true });

  const older = await installations.start();
  await untilReady(older);
  const { id } = await identity(installations.dataDir);
  expect(id).not.toBe(installations.live.id);
  await agreeOn(older, id);
  expect(await identity(installations.dataDir)).toMatchObject({ from: 'older' });
  expect(await documentIds(older)).toEqual([installations.live.document]);
  await older.stop();

  const again = await installations.start();
  await untilReady(again);
  await agreeOn(again, id);
});
