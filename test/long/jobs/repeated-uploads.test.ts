import { expect, test } from 'vitest';

import type { DocumentList } from '../../../src/contract/documents.ts';
import type { Stats } from '../../../src/contract/jobs.ts';
import { storedFiles } from '../../helpers/clients/uploads.ts';
import { useSluice } from '../../helpers/servers/use.ts';

const UPLOADS = 10_000;
const CLIENTS = 16;
/** A sweep of originals runs every 30 s. */
const SWEPT = { timeout: 120_000, interval: 1000 };

const sluice = useSluice();

test('10,000 uploads of one file leave one document, one original and no job', async () => {
  const text = Array.from({ length: 300 }, (_, i) => `Chapter ${i} of the garden book.`).join('\n\n');
  const ids: string[] = [];
  let left = UPLOADS;
  // The first runs for seconds, so that hundreds of twins wait for it.
  const client = async () => {
    while (left-- > 0) ids.push((await sluice.upload(new File([text], 'book.txt'))).job_id);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  expect(new Set(ids).size).toBe(UPLOADS);
  const stats = async () => (await (await fetch(`${sluice.url}/api/stats`)).json()) as Stats;
  await expect.poll(stats, SWEPT).toMatchObject({ active: 0, parked: 0, completed: UPLOADS, failed: 0 });
  const response = await fetch(`${sluice.url}/api/documents?total=true`);
  const { documents, total } = (await response.json()) as DocumentList;
  expect(total).toBe(1);
  const [{ id } = { id: '' }] = documents;
  for (const job of [ids[1]!, ids[500]!, ids.at(-1)!])
    expect((await sluice.job(job)).result).toMatchObject({ document_id: id, duplicate: true });
  await expect
    .poll(async () => (await storedFiles(sluice.dataDir)).sort(), SWEPT)
    .toEqual([id, `${id}.json`]);
}, 600_000);
