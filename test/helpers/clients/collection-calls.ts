import { ChromaClient } from 'chromadb';
import { expect } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { expectAccepted, upload } from '../clients/uploads.ts';
import { GENEROUS } from '../servers/ingestion.ts';

/**
 * Makes the calls of tests that fill a collection and embed it again.
 * @param target returns the api's and Chroma's addresses and the collection, because they change from test to test
 */
export function collectionCalls(target: () => { url: string; chromaUrl: string; collection: string }) {
  const get = async <T>(path: string) => (await (await fetch(target().url + path)).json()) as T;
  const post = (path: string, body?: unknown) =>
    fetch(target().url + path, {
      method: 'POST',
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
  const job = (id: string) => get<Job>(`/api/jobs/${id}`);
  const client = () => {
    const { hostname, port } = new URL(target().chromaUrl);
    return new ChromaClient({ host: hostname, port: Number(port) });
  };
  const inChroma = () => client().getCollection({ name: target().collection });
  const ended = async (id: string): Promise<Job> => {
    await expect
      .poll(async () => ['completed', 'failed'].includes((await job(id)).status), GENEROUS)
      .toBe(true);
    return job(id);
  };
  return {
    get,
    post,
    job,
    ended,
    client,
    inChroma,
    ingest: async (text: string): Promise<string> => {
      const { url, collection } = target();
      const id = await expectAccepted(await upload(url, text, { collection }));
      expect(await ended(id)).toMatchObject({ status: 'completed' });
      return id;
    },
    reembed: async () => expectAccepted(await post(`/api/collections/${target().collection}/reembed`)),
    /** Lists the ids of the chunks in Chroma, sorted. */
    ids: async () => (await (await inChroma()).get({ include: [] })).ids.sort(),
  };
}
