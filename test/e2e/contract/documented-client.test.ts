import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';

import type { JobResult } from '../../../src/contract/job.ts';
import { documentedClient } from '../../fixtures/documented-client.ts';
import { decodeGoJob } from '../../fixtures/go-job.ts';
import { pdf, textAt } from '../../helpers/documents/pdf-files.ts';
import { useBrowser } from '../client/use-page.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const browser = useBrowser();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

interface Outcome {
  result?: JobResult;
  error?: string;
  seen: { progress: number; message: string }[];
}

/**
 * Runs the documented client on one of the server's pages.
 * @param onAccepted receives the job's id before the page first polls the job
 */
async function uploadAsDocumented(
  filename: string,
  content: Buffer,
  onAccepted?: (jobId: string) => Promise<unknown>,
): Promise<Outcome> {
  const page = await browser.newPage();
  try {
    await page.goto(sluice.url);
    await page.route('**/api/documents/upload', async (route) => {
      const response = await route.fetch();
      const { job_id } = (await response.json()) as { job_id: string };
      await onAccepted?.(job_id);
      await route.fulfill({ response });
    });
    return await page.evaluate<Outcome>(`(async () => {
      const seen = [];
      const client = (${documentedClient.toString()})({
        fetch: (path, init) => fetch(path, init),
        updateProgress: (progress, message) => void seen.push({ progress, message }),
      });
      const letters = atob(${JSON.stringify(content.toString('base64'))});
      const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
      return client.uploadDocument(new File([bytes], ${JSON.stringify(filename)}), { collection: 'papers' }).then(
        (result) => ({ result, seen }),
        (error) => ({ error: error.message, seen }),
      );
    })()`);
  } finally {
    await page.close();
  }
}

/** Some twenty chunks. */
const paper = () =>
  pdf(
    Array.from({ length: 4 }, (_, page) =>
      Array.from({ length: 40 }, (_, line) =>
        textAt(`Line ${line} of page ${page} says what no other line of the paper does.`, [
          50,
          780 - 18 * line,
        ]),
      ).join(''),
    ),
  );

test('the documented client uploads, sees progress and gets the documented result', async () => {
  const { result, error, seen } = await uploadAsDocumented('paper.pdf', paper());
  expect(error).toBeUndefined();
  expect(result).toEqual({
    document_id: expect.stringMatching(/./) as string,
    chunk_count: expect.any(Number) as number,
    collection: 'papers',
    processing_time_ms: expect.any(Number) as number,
  });
  expect(result?.chunk_count).toBeGreaterThan(10);

  const values = seen.map(({ progress }) => progress);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toEqual({ progress: 100, message: 'Upload completed successfully' });

  const document = await fetch(`${sluice.url}/api/documents/${result?.document_id}`);
  expect(await document.json()).toMatchObject({
    filename: 'paper.pdf',
    collection: 'papers',
    chunk_count: result?.chunk_count,
  });
  // A document's id is its job's.
  const job = await fetch(`${sluice.url}/api/jobs/${result?.document_id}`);
  expect(decodeGoJob(await job.text())).toMatchObject({ status: 'completed', progress: 100, result });
}, 300_000);

test('the documented client is told why a document failed', async () => {
  const { result, error } = await uploadAsDocumented('broken.pdf', Buffer.from('%PDF-1.7\nno objects'));
  expect(result).toBeUndefined();
  expect(error).toBe('The file is damaged and cannot be read.');
});

test('the documented client stops when another client cancels its job', async () => {
  const { result, error, seen } = await uploadAsDocumented('cancelled.pdf', paper(), async (id) => {
    const response = await fetch(`${sluice.url}/api/jobs/${id}/cancel`, { method: 'POST' });
    expect(response.status).toBe(200);
  });
  expect(result).toBeUndefined();
  expect(error).toBe('The job was cancelled.');
  expect(seen.at(-1)?.message).toBe('Cancelled');
}, 300_000);
