import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { JobResult } from '../../src/contract/job.ts';
import { startBrowser } from '../helpers/browser.ts';
import { corpusPath } from '../helpers/corpus.ts';
import { startSluice, type TestSluice } from '../helpers/sluice.ts';
import { buildPage } from './built-page.ts';

/** The code block under the document's "Frontend Implementation", letter for letter. */
const DOCUMENTED = new URL('../fixtures/documented-client.ts.txt', import.meta.url);
const DOCUMENT = new URL('../../../shared/async-upload-flow.md', import.meta.url);

let sluice: TestSluice;
let browser: Browser;

beforeAll(async () => {
  await buildPage();
  sluice = await startSluice();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await sluice?.close();
});

interface Outcome {
  result?: JobResult;
  error?: string;
  seen: { progress: number; message: string }[];
}

/** Runs the documented `uploadDocument` on a page of the server's, with what the document leaves to the page. */
async function uploadAsDocumented(filename: string): Promise<Outcome> {
  const code = stripTypeScriptTypes(await readFile(DOCUMENTED, 'utf8'));
  const content = await readFile(corpusPath(filename), 'base64');
  const page = await browser.newPage();
  try {
    await page.goto(sluice.url);
    return await page.evaluate<Outcome>(`(async () => {
      const seen = [];
      function updateProgress(progress, message) {
        seen.push({ progress, message });
      }
      ${code}
      const bytes = Uint8Array.from(atob(${JSON.stringify(content)}), (letter) => letter.charCodeAt(0));
      const file = new File([bytes], ${JSON.stringify(filename)});
      return uploadDocument(file, { collection: 'papers' }).then(
        (result) => ({ result, seen }),
        (error) => ({ error: error.message, seen }),
      );
    })()`);
  } finally {
    await page.close();
  }
}

test.skipIf(!existsSync(DOCUMENT))('the fixture is the document’s own code', async () => {
  const document = await readFile(DOCUMENT, 'utf8');
  const block = /## Frontend Implementation\s+```typescript\n(.*?)```/s.exec(document)?.[1];
  expect(await readFile(DOCUMENTED, 'utf8')).toBe(block);
});

test('the documented client uploads, sees progress and gets the documented result', async () => {
  const { result, error, seen } = await uploadAsDocumented('multi-column.pdf');
  expect(error).toBeUndefined();
  expect(result).toEqual({
    document_id: expect.stringMatching(/./),
    chunk_count: expect.any(Number),
    collection: 'papers',
    processing_time_ms: expect.any(Number),
  });
  expect(result?.chunk_count).toBeGreaterThan(50);

  const values = seen.map(({ progress }) => progress);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toEqual({ progress: 100, message: 'Upload completed successfully' });

  const answer = await fetch(`${sluice.url}/api/documents/${result?.document_id}`);
  expect(await answer.json()).toMatchObject({
    filename: 'multi-column.pdf',
    collection: 'papers',
    chunk_count: result?.chunk_count,
  });
});

test('the documented client is told why a document failed', async () => {
  const { result, error } = await uploadAsDocumented('password.pdf');
  expect(result).toBeUndefined();
  expect(error).toBe('The file is protected by a password. Upload it without one.');
});
