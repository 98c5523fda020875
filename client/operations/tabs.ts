import type { Job } from '../../src/contract/job.ts';
import type { JobSelection } from '../sdk/api.ts';

/** Lists of jobs by state, as the address names them. */
export const TABS = ['active', 'waiting', 'retrying', 'failed', 'recent'] as const;
export type Tab = (typeof TABS)[number];

export const TAB_TITLES: Record<Tab, string> = {
  active: 'Active',
  waiting: 'Waiting',
  retrying: 'Retrying',
  failed: 'Failed',
  recent: 'Recent',
};

/** States of the jobs of each list, in the words of the API. A cancelled job has failed. */
export const TAB_STATUSES: Record<Tab, NonNullable<JobSelection['status']>> = {
  active: ['queued', 'processing', 'retrying'],
  waiting: ['queued'],
  retrying: ['retrying'],
  failed: ['failed'],
  recent: ['completed', 'failed'],
};

/** A filter of the lists. Each value must match exactly, as in the API. So a bulk change changes what the list shows. */
export interface Filter {
  collection?: string | undefined;
  filename?: string | undefined;
  code?: string | undefined;
}

/** Reads the tab and the filter of an address. */
export function readQuery(query: Readonly<Record<string, string>>): { tab: Tab; filter: Filter } {
  const { status, collection, filename, code } = query;
  return {
    tab: TABS.find((tab) => tab === status) ?? 'active',
    filter: {
      ...(collection && { collection }),
      ...(filename && { filename }),
      ...(code && { code }),
    },
  };
}

export function isMatch(job: Job, { collection, filename, code }: Filter): boolean {
  return (
    (collection === undefined || job.collection === collection) &&
    (filename === undefined || job.filename === filename) &&
    (code === undefined || job.error_code === code)
  );
}

/** Returns the API's selection of the jobs of a list. */
export function selectionOf(tab: Tab, { collection, filename, code }: Filter): JobSelection {
  return {
    status: TAB_STATUSES[tab],
    ...(collection !== undefined && { collection }),
    ...(filename !== undefined && { filename }),
    ...(code !== undefined && { error_code: [code] }),
  };
}

/** Formats the jobs of a list: “waiting jobs in “papers” of the file “a.pdf””. */
export function filterWords(tab: Tab, { collection, filename, code }: Filter): string {
  return [
    `${TAB_TITLES[tab].toLowerCase()} jobs`,
    collection !== undefined && `in “${collection}”`,
    filename !== undefined && `of the file “${filename}”`,
    code !== undefined && `with the code ${code}`,
  ]
    .filter(Boolean)
    .join(' ');
}
