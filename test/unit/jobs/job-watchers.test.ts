import { expect, test } from 'vitest';

import { JobWatchers, type JobWatcher } from '../../../src/jobs/feed/job-watchers.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

test('a watcher that throws keeps nobody else from being told, and the error is logged', () => {
  const logger = quietLogger();
  const watchers = new JobWatchers(logger);
  const told: string[] = [];
  const broken = (): never => {
    throw new Error('broken');
  };
  const good = (name: string): JobWatcher => ({
    tenant: 'default',
    onState: ({ id, version }) => told.push(`${name} ${id}@${version}`),
    onForgotten: (id) => told.push(`${name} ${id} forgotten`),
  });
  watchers.addForAll({ tenant: 'default', onState: broken, onForgotten: broken }, () => []);
  watchers.addForAll(good('all'), () => []);
  watchers.add('a', { tenant: 'default', onState: broken, onForgotten: broken });
  watchers.add('a', good('one'));
  watchers.tell(new JobState({ id: 'a', version: '3' }, 'epoch'));
  watchers.tellForgotten('a');
  expect(told).toEqual(['all a@3', 'one a@3', 'all a forgotten', 'one a forgotten']);
  expect(logger.lines.filter((line) => line.includes('a watcher failed'))).toHaveLength(4);
});
