import { expect, onTestFinished, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { startHttpGate } from '../../helpers/faults/http-gate.ts';
import { GENEROUS, useIngestion } from '../../helpers/servers/ingestion.ts';
import { startTestRoles } from '../../helpers/servers/roles.ts';

const { backends, env, api } = useIngestion();

const job = async (id: string) => (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job;
const storing = { progress: 80, stage: 'store' };

test('a small document that waits for its stores holds no slot, so that the next one shares their next call', async () => {
  const gate = await startHttpGate(backends.env['KEYWORDS_URL'] as string);
  onTestFinished(() => gate.close());
  const opened = Promise.withResolvers<void>();
  gate.hold = (path) => (path.endsWith('/upsert') ? opened.promise : undefined);
  await using _worker = await startTestRoles(['worker'], {
    ...env(),
    BLOB_STORE: `${api.dataDir}/blobs`,
    KEYWORDS_URL: gate.url,
    WORKER_CONCURRENCY: '1',
  });
  const ids: string[] = [];
  for (const text of ['One.', 'Two.', 'Three.']) ids.push(await expectAccepted(await upload(api.url, text)));
  for (const id of ids) await expect.poll(() => job(id), GENEROUS).toMatchObject(storing);
  opened.resolve();
  for (const id of ids) await expect.poll(() => job(id), GENEROUS).toMatchObject({ status: 'completed' });
});
