import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { SearchResponse } from '../../../../src/contract/search.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { startHttpGate } from '../../../helpers/faults/http-gate.ts';
import { GENEROUS, useIngestion } from '../../../helpers/servers/ingestion.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';
import { use, useRoles } from '../../../helpers/servers/use.ts';

const FORMER = 'Pears are green.';
const LATER = 'Pears are yellow.';

const { backends, env, api, startWorker } = useIngestion();
const gate = use(() => startHttpGate(backends.env['CHROMA_URL']!));
/** Calls Chroma through the gate. */
const gated = useRoles(['api'], () => ({
  ...env(),
  CHROMA_URL: gate.url,
  BLOB_STORE: join(api.dataDir, 'blobs'),
}));
let worker: TestRoles;

beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker?.close());

/** Uploads the next version of a document, and waits until Chroma holds it alone. */
async function store(text: string): Promise<void> {
  const fields = { collection: 'papers', on_duplicate: 'replace' };
  await expectAccepted(await upload(api.url, text, fields));
  const { hostname, port } = new URL(backends.env['CHROMA_URL']!);
  const chroma = new ChromaClient({ host: hostname, port: Number(port) });
  const stored = async () => (await (await chroma.getCollection({ name: 'papers' })).get()).documents;
  await expect.poll(() => stored().catch(() => undefined), GENEROUS).toEqual([text]);
}

test.each(['keyword', 'vector', 'hybrid'])(
  'a %s search finds the new chunks of a document that is replaced before it reads their texts',
  async (mode) => {
    await store(FORMER);
    let reads = 0;
    gate.hold = (path) => (path.endsWith('/get') && ++reads === 1 ? store(LATER) : undefined);
    const body = JSON.stringify({ collection: 'papers', query: 'pears', mode });
    const response = await fetch(`${gated.url}/api/search`, { method: 'POST', body });
    gate.hold = undefined;
    const { results } = (await response.json()) as SearchResponse;
    expect(results.map(({ text }) => text)).toEqual([LATER]);
    expect(reads).toBe(2);
  },
);
