import { expect, test } from 'vitest';

import type { Job, Timeline } from '../../../../src/contract/job.ts';
import { startEmbeddingsServer } from '../../../helpers/servers/embeddings-server.ts';
import { GENEROUS, useIngestion } from '../../../helpers/servers/ingestion.ts';
import type { Service } from '../../../helpers/servers/backends.ts';

const { backends, api, startWorker } = useIngestion();

/** Takes the embedder away, and brings another one to its address. */
function embedder(): Service {
  const port = Number(new URL(backends.embedder.url).port);
  return {
    down: () => backends.embedder.close(),
    up: async () => void Object.assign(backends.embedder, await startEmbeddingsServer({ port })),
  };
}

const SERVICES = {
  processor: () => backends.processor,
  vector_store: () => backends.chroma,
  keyword_index: () => backends.keywords,
  embedder,
};

const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;

test.each(Object.entries(SERVICES))(
  'a running job says that it waits for the %s, and so does its timeline afterwards',
  async (name, serviceOf) => {
    const service = serviceOf();
    await using worker = await startWorker();
    await expect.poll(async () => (await fetch(`${worker.url}/readyz`)).status, GENEROUS).toBe(200);
    await service.down();
    const body = new FormData();
    body.append('file', new File([`The text of ${name}.`], `${name}.txt`));
    const response = await fetch(`${api.url}/api/documents/upload`, { method: 'POST', body });
    const { job_id: id } = (await response.json()) as { job_id: string };
    const job = () => get<Job>(`/api/jobs/${id}`);
    await expect.poll(job, GENEROUS).toMatchObject({ status: 'processing', waiting_for: { what: name } });
    await service.up();
    await expect.poll(job, GENEROUS).toMatchObject({ status: 'completed' });
    expect(await job()).not.toHaveProperty('waiting_for');
    const { events } = await get<Timeline>(`/api/jobs/${id}/timeline`);
    const messages = events.map(({ message }) => message);
    expect(messages).toContain(`Waits for the ${name.replace('_', ' ')}`);
    expect(messages.at(-1)).toBe('Upload completed successfully');
  },
  60_000,
);
