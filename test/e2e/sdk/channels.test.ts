import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { Sluice } from '../../../client/sdk/sluice.ts';
import { ClientLine } from '../../helpers/faults/client-line.ts';
import { FOR_EACH, use, useEmbeddings, useSluice } from '../../helpers/servers/use.ts';
import { eventually } from '../../helpers/servers/supervised.ts';

const embedder = useEmbeddings({ delayMs: 400 });
const server = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const line = use(() => ClientLine.start(server.url), FOR_EACH);

interface Frame {
  type: string;
  channel?: string;
  since?: { epoch: string; offset: number };
  resumed?: boolean;
  jobs?: unknown[];
}

/** Messages of all sockets of this process, in both directions. */
let frames: Frame[] = [];
const Platform = globalThis.WebSocket;
beforeAll(() => {
  globalThis.WebSocket = class extends Platform {
    constructor(...target: ConstructorParameters<typeof Platform>) {
      super(...target);
      this.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)) as Frame));
    }
    override send(data: string): void {
      frames.push(JSON.parse(data) as Frame);
      super.send(data);
    }
  };
});
afterAll(() => void (globalThis.WebSocket = Platform));

let sluice: Sluice;
beforeEach(() => {
  frames = [];
  sluice = new Sluice({ url: line.url });
});
afterEach(() => sluice.close());

let made = 0;
function text(): File {
  const name = `channel-${++made}.txt`;
  return new File([`${name} says this. `.repeat(40)], name);
}

test('a cut line resumes: each subscription gets only what has changed', async () => {
  const { done } = sluice.upload(text(), { collection: 'resumed' }).job;
  const { id } = await done;
  const watch = sluice.watch(id, { follow: true });
  const all = sluice.watchJobs({ collection: 'resumed', recent: 5 });
  await all.ready;
  await eventually(() => watch.job?.status === 'completed');
  expect([...all.jobs.keys()]).toEqual([id]);
  frames = [];
  line.cut();
  await eventually(() => frames.filter(({ type }) => type === 'snapshot').length === 2);
  const subscribed = frames.filter(({ type }) => type === 'subscribe');
  expect(subscribed.map(({ since }) => typeof since?.offset)).toEqual(['number', 'number']);
  const snapshots = frames.filter(({ type }) => type === 'snapshot');
  expect(snapshots.map(({ resumed }) => resumed)).toEqual([true, true]);
  expect(snapshots.flatMap(({ jobs }) => jobs)).toEqual([]);
  await sluice.upload(text(), { collection: 'resumed' }).job.done;
  await eventually(() => all.jobs.size === 2);
  watch.stop();
  all.stop();
});

test('a filter shows jobs of its collection, and lets the oldest of the ended ones go', async () => {
  const all = sluice.watchJobs({ collection: 'filtered', recent: 2 });
  await all.ready;
  await sluice.upload(text(), { collection: 'unfiltered' }).job.done;
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await sluice.upload(text(), { collection: 'filtered' }).job.done).id);
  await eventually(() => !all.jobs.has(ids[0] ?? ''));
  expect(new Set(all.jobs.keys())).toEqual(new Set(ids.slice(1)));
  expect([...all.jobs.values()].map(({ status }) => status)).toEqual(['completed', 'completed']);
  all.stop();
});

test('statistics come by themselves when they change', async () => {
  embedder.delayMs = 3000;
  const watch = sluice.watchStats();
  const upload = sluice.upload(text());
  await eventually(() => (watch.stats?.in_flight ?? 0) > 0);
  embedder.delayMs = 400;
  await upload.job.done;
  await eventually(() => watch.stats?.in_flight === 0);
  expect(frames.filter(({ type }) => type === 'stats').length).toBeGreaterThanOrEqual(2);
  expect(line.requests.filter((path) => path.startsWith('/api/stats'))).toEqual([]);
  watch.stop();
});

test('a timeline tells how a job came to its end', async () => {
  const { id } = await sluice.upload(text()).job.done;
  const { events } = await sluice.timeline(id);
  expect(events[0]?.status).toBe('queued');
  expect(events.at(-1)?.status).toBe('completed');
});
