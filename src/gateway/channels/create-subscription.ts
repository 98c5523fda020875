import type { Subscribe } from '../../contract/messages.ts';
import { ChannelSubscription } from './channel-subscription.ts';
import { watchBatch, watchStats } from './counter-subscriptions.ts';
import { JobsSubscription } from './jobs-subscription.ts';
import { CHANNEL_WEIGHT, type ChannelServices, type Subscription } from './subscription.ts';

/** Returns the number of jobs that a new subscription counts as. */
export function weightOf(message: Subscribe): number {
  if (message.channel === 'stats' || message.channel === 'batch') return 0;
  return message.channel === 'jobs' && message.jobs ? message.jobs.length : CHANNEL_WEIGHT;
}

/** Creates the subscription that a message asks for. A new channel has its case here, and its right in `rights.ts`. */
export function createSubscription(
  message: Subscribe,
  tenant: string,
  services: ChannelServices,
): Subscription {
  const { id } = message;
  switch (message.channel) {
    case 'jobs': {
      const { jobs, collection, status, recent = 0, since } = message;
      if (jobs) return new JobsSubscription(tenant, id, { jobs, since }, services);
      const filter = { collection, status, recent };
      return new ChannelSubscription(tenant, id, { watched: { channel: 'jobs' }, filter, since }, services);
    }
    case 'active': {
      const watched = { channel: 'active' } as const;
      return new ChannelSubscription(
        tenant,
        id,
        { watched, filter: { recent: 0 }, since: message.since },
        services,
      );
    }
    case 'batch':
      return watchBatch(tenant, id, message.batch, services);
    case 'stats':
      return watchStats(id, services);
  }
}
