import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { SdkCrowd, type CrowdReport } from '../../helpers/clients/sdk-crowd.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { ClientLine } from '../../helpers/faults/client-line.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { startTestRoles } from '../../helpers/servers/roles.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { use, useBackends, useFolder, useRedis } from '../../helpers/servers/use.ts';

const CLIENTS = 1000;
const PROCESSES = 4;
/** Jobs that wait before the crowd comes. Each client watches two. */
const KNOWN = 400;
const UPLOADERS = 4;
const SPREAD_MS = 3000;
/** Longer than the client takes to notice it. */
const SILENCE_MS = 12_000;
/** Makes a job last, so that ends come through all of the faults. */
const EMBEDDING_MS = 300;
const MINUTES = 60_000;

const redis = useRedis();
const backends = useBackends();
const blobs = join(useFolder(), 'blobs');
const line = use(() => ClientLine.start('http://127.0.0.1:9'));
type Role = 'api' | 'gateway';
/** Two of each role. The crowd's line leads to one after the other, also to one that is down. */
const nodes: Record<Role, GatewayNode[]> = { api: [], gateway: [] };
let turn = 0;
let crowd: SdkCrowd | undefined;

const start = (role: Role) => GatewayNode.start(redis.url, [role], [], blobs);

beforeAll(async () => {
  for (const role of ['api', 'gateway'] as const) nodes[role] = await Promise.all([start(role), start(role)]);
  line.route = (isUpgrade) => nodes[isUpgrade ? 'gateway' : 'api'][turn++ % 2]!.url;
});
afterEach(() => crowd?.close());
afterAll(() => Promise.all(Object.values(nodes).flatMap((all) => all.map((node) => node.close()))));

/** Ends nodes, and starts others in their place. */
async function replace(signal: NodeJS.Signals, ...places: [Role, number][]): Promise<void> {
  await Promise.all(
    places.map(async ([role, place]) => {
      const former = nodes[role][place]!;
      former.signal(signal);
      await former.exited;
      nodes[role][place] = await start(role);
      await former.close();
    }),
  );
}

const FAULTS: Record<string, () => Promise<void>> = {
  'a gateway is killed': () => replace('SIGKILL', ['gateway', 0]),
  'an api is killed': () => replace('SIGKILL', ['api', 0]),
  'a gateway is rolled': () => replace('SIGTERM', ['gateway', 1]),
  'an api is rolled': () => replace('SIGTERM', ['api', 1]),
  'all lines are cut': async () => line.cut(),
  'the line is down': async () => {
    line.down();
    await sleep(3000);
    line.restore();
  },
  'the line swallows everything': async () => {
    line.silence();
    await sleep(SILENCE_MS);
    line.restore();
  },
  'everything is killed at once': () =>
    replace('SIGKILL', ['gateway', 0], ['gateway', 1], ['api', 0], ['api', 1]),
  'everything is rolled at once': () =>
    replace('SIGTERM', ['gateway', 0], ['gateway', 1], ['api', 0], ['api', 1]),
};

/** Waits for a state of the crowd. A fault ends the wait at once. */
async function until(is: (report: CrowdReport) => boolean): Promise<CrowdReport> {
  let report: CrowdReport | undefined;
  try {
    await eventually(async () => {
      report = await crowd!.report();
      return report.faults.length > 0 || is(report);
    }, 2 * MINUTES);
  } catch {
    throw new Error(`the crowd got stuck: ${JSON.stringify({ ...report, accepted: [] }).slice(0, 4000)}`);
  }
  expect(report!.faults).toEqual([]);
  return report!;
}

test('a thousand clients get every end and make no duplicate, whatever happens to gateways, apis and the line', async () => {
  const known: string[] = [];
  for (let i = 0; i < KNOWN; i++)
    known.push(
      await expectAccepted(await upload(nodes.api[0]!.url, `The known file ${i}.`, { collection: 'known' })),
    );
  const task = { url: line.url, count: CLIENTS, known, uploaders: UPLOADERS, dashboards: 100 };
  crowd = new SdkCrowd({ ...task, spreadMs: SPREAD_MS }, PROCESSES);
  await until(({ links }) => links.live === CLIENTS);
  backends.embedder.delayMs = EMBEDDING_MS;
  const env = { ...backends.env, REDIS_URL: redis.url, BLOB_STORE: blobs, WORKER_CONCURRENCY: '8' };
  await using _worker = await startTestRoles(['worker'], env);

  const waves = Object.keys(FAULTS).length;
  const uploaders = CLIENTS / UPLOADERS;
  for (const [wave, [name, fault]] of Object.entries(FAULTS).entries()) {
    const begun = performance.now();
    const before = line.requests.filter((path) => path.endsWith('/upload')).length;
    crowd.upload(wave, waves);
    // Some of the wave are done, some under way, and some still to come.
    await eventually(
      () => line.requests.filter((path) => path.endsWith('/upload')).length > before + uploaders / 4,
    );
    await fault();
    await until(
      ({ accepted, links }) => accepted.length === (wave + 1) * uploaders && links.live === CLIENTS,
    );
    console.log(`${name}: ${Math.round(performance.now() - begun)} ms`);
  }

  const { accepted } = await until(({ open }) => open.length === 0);
  expect(new Set(accepted).size).toBe(waves * uploaders);
  // Each file is one job, and one document.
  expect(await redis.client.zcard('documents:default')).toBe(KNOWN + waves * uploaders);
  expect(await redis.client.zcard('jobs:recent')).toBe(KNOWN + waves * uploaders);
  expect(await redis.client.scard('jobs:active')).toBe(0);
});
