import { useEffect, useRef, useState } from 'preact/hooks';

import { isTerminal, type Job } from '../../src/contract/job.ts';
import { failureOf } from '../wording/jobs.ts';
import { quantity } from '../wording/numbers.ts';

/** Most ends to announce one by one. */
const ONE_BY_ONE = 3;

/** Announces the ends of jobs to assistive technology, if the page saw them under way. */
export function Announcements({ jobs, isReady }: { jobs: ReadonlyMap<string, Job>; isReady: boolean }) {
  const followed = useRef(new Set<string>());
  const [words, setWords] = useState('');
  useEffect(() => {
    const ended: Job[] = [];
    for (const job of jobs.values()) {
      if (!isTerminal(job.status)) followed.current.add(job.id);
      else if (followed.current.delete(job.id)) ended.push(job);
    }
    if (ended.length === 0 || !isReady) return;
    setWords(
      ended.length <= ONE_BY_ONE ? ended.map(endOf).join('. ') : `${quantity(ended.length, 'upload')} ended.`,
    );
  });
  return (
    <p id="announcements" class="visually-hidden" aria-live="polite">
      {words}
    </p>
  );
}

function endOf(job: Job): string {
  const { result, filename = job.id } = job;
  return `${filename}: ${result ? `ready, ${quantity(result.chunk_count, 'chunk')}` : failureOf(job)}`;
}
