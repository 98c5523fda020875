import { expect, test } from 'vitest';

import {
  canaryPosition,
  JOB_FIELDS,
  jobIdOf,
  parseJobEvents,
  toHash,
} from '../../../src/jobs/model/job-event.ts';
import { toJobView, type JobHash } from '../../../src/jobs/model/job-view.ts';

test('an event carries every field that the Job is made from', () => {
  const read = new Set<string | symbol>();
  const spy = new Proxy<JobHash>(
    {},
    {
      get(_target, field) {
        read.add(field);
        // Scripts see to it that every job that they publish has its filename outside the payload.
        return field === 'status' ? 'failed' : field === 'filename' ? 'a.pdf' : undefined;
      },
    },
  );
  toJobView(spy);
  expect([...read].filter((field) => !JOB_FIELDS.includes(field as never))).toEqual([]);
});

test('a field that the job lacks is absent, one that is empty is not', () => {
  const values = JOB_FIELDS.map((field) => (field === 'id' ? 'a' : field === 'message' ? '' : false));
  const message = JSON.stringify(['6b0466e200f58', 7, 1_795_000_000_123, values, values]);
  expect(parseJobEvents(message)).toEqual({
    epoch: '6b0466e200f58',
    offset: 7,
    publishedAt: 1_795_000_000_123,
    jobs: [values, values],
  });
  expect([jobIdOf(values), toHash(values)]).toEqual(['a', { id: 'a', message: '' }]);
  expect(canaryPosition(message)).toEqual({ epoch: '6b0466e200f58', offset: 7 });
});

test('values without an id, or with one that is no text, name no job', () => {
  const named = (id: unknown) => jobIdOf(JOB_FIELDS.map((field) => (field === 'id' ? id : 'x')) as string[]);
  expect([false, 5, {}, ['a'], null, undefined].map(named)).toEqual(Array(6).fill(undefined));
});

test('what no script has written is no event', () => {
  const others = ['hello', '{}', '7', 'null', '["h",1]', '["h","1","abc",[]]', '[1,1,1,[]]'];
  for (const message of others)
    expect([parseJobEvents(message), canaryPosition(message)]).toEqual([undefined, undefined]);
  for (const message of ['["h",1,2]', '["h",1,2,7]', '["h",1,2,[],null]', '["h",1.5,2,[]]'])
    expect(parseJobEvents(message)).toBeUndefined();
});
