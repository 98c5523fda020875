import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { LinkState } from '../../../client/sdk/api.ts';
import { Sluice } from '../../../client/sdk/sluice.ts';
import { isTerminal, type Job } from '../../../src/contract/job.ts';
import type { DocumentList } from '../../../src/contract/documents.ts';
import { ClientLine } from '../../helpers/faults/client-line.ts';
import { FOR_EACH, use, useEmbeddings, useSluice } from '../../helpers/servers/use.ts';
import { eventually } from '../../helpers/servers/supervised.ts';

/** Duration of a call, so that a job lasts long enough to lose the line in. */
const EMBEDDING_MS = 400;

const embedder = useEmbeddings({ delayMs: EMBEDDING_MS });
const server = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const line = use(() => ClientLine.start(server.url), FOR_EACH);

let states: LinkState[];
let sluice: Sluice;
beforeEach(() => {
  states = [];
  sluice = new Sluice({ url: line.url, onLink: ({ state }) => states.push(state) });
});
afterEach(() => {
  sluice.close();
  embedder.delayMs = EMBEDDING_MS;
});

let made = 0;
/** Makes a text that no other test uploads. @param words a call to the embedder takes some of them */
function text(words = 40): File {
  const name = `text-${++made}.txt`;
  return new File([`${name} says this. `.repeat(words)], name);
}

async function statesOf(watch: AsyncIterable<Job>): Promise<Job[]> {
  const all: Job[] = [];
  for await (const job of watch) all.push(job);
  return all;
}

async function documents(collection: string): Promise<number> {
  const response = await fetch(`${server.url}/api/documents?collection=${collection}`);
  return ((await response.json()) as DocumentList).documents.length;
}

describe('an upload', () => {
  test('is accepted, followed to its end, and found', async () => {
    const upload = sluice.upload(text(), { collection: 'found' });
    const accepted = await upload.accepted;
    const seen = await statesOf(upload.job);
    expect(seen.at(-1)).toMatchObject({ id: accepted.job_id, status: 'completed' });
    const versions = seen.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(await upload.job.done).toEqual(seen.at(-1));
    expect([upload.state, upload.sent, upload.problem]).toEqual(['accepted', upload.size, undefined]);
    // The line closes soon after the last watch, and a search may take longer.
    expect(states).toEqual(['live']);
    const { results } = await sluice.search({ collection: 'found', query: 'says this' });
    expect(results.length).toBeGreaterThan(0);
  });

  test('whose response is lost is one document, also after three times', async () => {
    line.loseResponses('/api/documents/upload', 3);
    const upload = sluice.upload(text(), { collection: 'lost', on_duplicate: 'keep' });
    await upload.job.done;
    expect(line.lost).toBe(3);
    expect(await documents('lost')).toBe(1);
  });

  test('that takes the key of another file with its name, size and time gets one of its own', async () => {
    const [one, two] = ['one ', 'two '].map(
      (word) => new File([word.repeat(40)], 'twin.txt', { lastModified: 1 }),
    );
    line.loseResponses('/api/documents/upload', 1);
    const upload = sluice.upload(one!, { collection: 'twins' });
    await eventually(() => upload.problem);
    upload.abort();
    await sluice.upload(two!, { collection: 'twins' }).accepted;
    await eventually(async () => (await documents('twins')) === 2);
  });

  test('waits for a line that is down, and goes on by itself', async () => {
    line.down();
    const uploads = sluice.upload([text(), text()], { collection: 'waits' });
    await eventually(() => uploads.every(({ problem }) => problem));
    expect(uploads.map(({ state, problem }) => [state, problem?.code])).toEqual([
      ['pausing', 'unreachable'],
      ['pausing', 'unreachable'],
    ]);
    line.restore();
    await Promise.all(uploads.map(({ job }) => job.done));
    expect(await documents('waits')).toBe(2);
  });

  test('is given up when its time is over, with the reason of its last try', async () => {
    line.down();
    const upload = sluice.upload(text(), { timeoutMs: 1500 });
    await expect(upload.accepted).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('The last try: ') as string,
      cause: { code: 'unreachable' },
    });
    expect(upload.state).toBe('failed');
    line.restore();
  });

  test('tells of the bytes that it has sent, and can be aborted', async () => {
    const sent: number[] = [];
    const file = new File([new Uint8Array(8_000_000).fill(97)], 'large.txt');
    const upload = sluice.upload(file, {
      onProgress: (upload) => {
        sent.push(upload.sent);
        if (upload.sent > 1_000_000) upload.abort();
      },
    });
    await expect(upload.accepted).rejects.toMatchObject({ code: 'aborted' });
    await expect(upload.job.done).rejects.toMatchObject({ code: 'aborted' });
    expect(sent.every((bytes, i) => bytes >= (sent[i - 1] ?? 0))).toBe(true);
    expect(Math.max(...sent)).toBeLessThan(8_000_000);
  });

  test('that the server refuses fails with its code, once', async () => {
    const upload = sluice.upload(new File([''], 'empty.txt'));
    await expect(upload.accepted).rejects.toMatchObject({ code: 'empty_file', status: 400 });
    expect(line.requests.filter((path) => path === '/api/documents/upload')).toHaveLength(1);
  });
});

test('a batch is followed until all its uploads have ended, and changed as one', async () => {
  embedder.delayMs = 2000;
  const files = Array.from({ length: 6 }, () => text(4));
  const watch = sluice.watchBatch('six files', { total: 6 });
  const uploads = sluice.upload(files, { batch: 'six files', collection: 'batches' });
  await Promise.all(uploads.map(({ accepted }) => accepted));
  const { changed } = await sluice.cancelBatch('six files');
  const cancelled = await watch.done;
  expect(cancelled).toMatchObject({ total: 6, counts: { queued: 0, processing: 0, retrying: 0 } });
  expect(cancelled.counts.cancelled).toBe(changed);
  embedder.delayMs = 0;
  expect((await sluice.retryBatch('six files', 'cancelled')).changed).toBe(changed);
  expect((await sluice.watchBatch('six files').done).counts.completed).toBe(6);
  expect((await sluice.jobs({ batch: 'six files' })).jobs).toHaveLength(6);
});

describe('without WebSockets', () => {
  test('many jobs come by one stream of events, and the line goes back up', async () => {
    line.blocks = (_, isUpgrade) => isUpgrade;
    // The jobs must last until the client has given the WebSocket up.
    embedder.delayMs = 2000;
    const active = sluice.watchActive();
    const uploads = sluice.upload(Array.from({ length: 30 }, () => text(4)));
    const ends = await Promise.all(uploads.map(({ job }) => job.done));
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['completed']));
    expect(states).toContain('events');
    expect(states).not.toContain('live');
    await eventually(() => active.jobs.size === 0);
    expect(states).not.toContain('polling');
    line.blocks = () => false;
    await eventually(() => sluice.link.state === 'live');
    await sluice.upload(text()).job.done;
    active.stop();
  });

  test('and without event streams many jobs cost one request in two seconds', async () => {
    line.blocks = (path, isUpgrade) => isUpgrade || path.includes('events');
    // The jobs must last longer than some reads.
    embedder.delayMs = 9000;
    const uploads = sluice.upload(Array.from({ length: 30 }, () => text(40)));
    await Promise.all(uploads.map(({ accepted }) => accepted));
    for (const { job } of uploads) void job.done;
    await eventually(() => sluice.link.state === 'polling');
    const from = line.requests.length;
    const begun = Date.now();
    const ends = await Promise.all(uploads.map(({ job }) => job.done));
    const seconds = (Date.now() - begun) / 1000;
    expect(ends.every(({ status }) => isTerminal(status))).toBe(true);
    expect(Math.max(...line.requests.map((path) => path.split(',').length))).toBe(30);
    // The reads, and the tries of better ways.
    expect(line.requests.length - from).toBeLessThanOrEqual(Math.ceil(seconds / 2) + 2);
    expect(states).not.toContain('live');
    expect(seconds).toBeGreaterThan(6);
  });
});

describe('a line that', () => {
  test('is cut loses no end', async () => {
    const upload = sluice.upload(text(400));
    await eventually(() => upload.job.job?.status === 'processing');
    line.cut();
    expect((await upload.job.done).status).toBe('completed');
    expect(states.slice(0, 1)).toEqual(['live']);
  });

  test('is silent is noticed, and works again once it is restored', async () => {
    sluice.connect();
    await eventually(() => sluice.link.state === 'live');
    line.silence();
    const silentAt = Date.now();
    await eventually(() => sluice.link.state !== 'live');
    expect(sluice.link.since - silentAt).toBeLessThan(11_000);
    await eventually(() => sluice.link.state === 'offline');
    // The client gives the line up as soon, and not only says that it may be.
    expect(sluice.link.since - silentAt).toBeLessThan(20_000);
    line.restore();
    await eventually(() => sluice.link.state === 'live');
  });

  test('leads to a process that stops, or is killed, loses no end', async () => {
    const upload = sluice.upload(text(400));
    await eventually(() => upload.job.job?.status === 'processing');
    const pid = await server.rolePid('api');
    process.kill(pid, 'SIGSTOP');
    await eventually(() => sluice.link.state === 'offline');
    process.kill(pid, 'SIGCONT');
    await eventually(() => sluice.link.state === 'live');
    process.kill(pid, 'SIGKILL');
    expect((await upload.job.done).status).toBe('completed');
  });
});

test('a job that the server does not know ends its watch with that', async () => {
  const watch = sluice.watch('no-such-job');
  await expect(watch.done).rejects.toMatchObject({ code: 'job_not_found' });
  await expect(statesOf(watch)).rejects.toMatchObject({ code: 'job_not_found' });
});
