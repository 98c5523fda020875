import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { startHostileCrowd } from '../../helpers/clients/hostile-crowd.ts';
import { useSluice } from '../../helpers/servers/use.ts';

/** What each way of attack comes to, where it ends: others stay open until the crowd goes. */
const ENDS = [
  'half-open upload: 429',
  'announced too large: 413',
  'too large: 413',
  'search of 10,000 terms: 400',
  'flood: 429',
  'foreign host: 403',
  'garbage in a WebSocket: 101',
];

const sluice = useSluice({
  env: { MAX_UPLOAD_BYTES: '2000000', MAX_OPEN_UPLOADS: '64', MAX_REQUESTS_PER_SECOND: '500' },
});

test('while one client attacks in every way others are served, and nothing is lost or left behind', async () => {
  const api = await sluice.rolePid('api');
  const pids = await sluice.rolePids();
  const descriptors = async () => (await readdir(`/proc/${api}/fd`)).length;
  const first = await sluice.upload('readme.md');
  await sluice.ended(first.job_id);
  const before = await descriptors();

  const crowd = startHostileCrowd(sluice.url);
  const ids: string[] = [];
  for (let round = 0; round < 10; round++) {
    await sleep(500);
    ids.push((await sluice.upload('readme.md', { on_duplicate: 'keep' })).job_id);
    expect((await fetch(`${sluice.url}/api/jobs`)).status).toBe(200);
    expect((await fetch(`${sluice.url}/readyz`)).status).toBe(200);
  }
  for (const id of ids) expect(await sluice.ended(id)).toMatchObject({ status: 'completed', attempt: 1 });
  const ends = await crowd.stop();

  expect(Object.keys(ends)).toEqual(expect.arrayContaining(ENDS));
  expect(Object.keys(ends).filter((end) => / 5\d\d$/.test(end))).toEqual([]);
  expect(await sluice.rolePids()).toEqual(pids);
  await expect.poll(descriptors).toBeLessThanOrEqual(before + 10);
  expect(sluice.logged().filter(({ level }) => level === 'error')).toEqual([]);
});
