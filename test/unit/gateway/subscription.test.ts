import { expect, test } from 'vitest';

import type { Outbox } from '../../../src/gateway/outbox/outbox.ts';
import { createSubscription } from '../../../src/gateway/channels/create-subscription.ts';
import type { ChannelServices } from '../../../src/gateway/channels/subscription.ts';
import type { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import type { JobWatcher } from '../../../src/jobs/feed/job-watchers.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';

const state = (id: string, version: number, epoch: string) =>
  new JobState({ id, version: `${version}`, status: 'processing' }, epoch);

/** Joins, and hears something while it reads. @returns the snapshot, as `job@version` */
async function join(epoch: string, heard: JobState[], read: JobState[]): Promise<string[]> {
  let watcher: JobWatcher | undefined;
  const feed = {
    epoch,
    watchAll: (joining: JobWatcher) => void (watcher = joining),
    reads: {
      async channel() {
        for (const news of heard) watcher?.onState(news);
        return { states: read, changed: undefined, ended: [] };
      },
    },
  } as unknown as JobFeed;
  const sent: string[] = [];
  const outbox = {
    snapshot: (_: number, states: JobState[]) =>
      sent.push(...states.map(({ id, version }) => `${id}@${version}`)),
  } as unknown as Outbox;
  const services = { feed, outbox } as ChannelServices;
  await createSubscription({ type: 'subscribe', id: 1, channel: 'active' }, 'default', services).join();
  return sent.sort();
}

test('what is heard while a client joins goes in the snapshot when it is newer than what was read', async () => {
  const heard = [state('a', 3, 'h'), state('b', 1, 'h'), state('new', 1, 'h')];
  expect(await join('h', heard, [state('a', 2, 'h'), state('b', 2, 'h')])).toEqual(['a@3', 'b@2', 'new@1']);
});

test('what was heard in an epoch that has ended meanwhile does not', async () => {
  const heard = [state('a', 9, 'old'), state('lost', 4, 'old'), state('b', 2, 'h')];
  expect(await join('h', heard, [state('a', 1, 'h'), state('b', 1, 'h')])).toEqual(['a@1', 'b@2']);
});
