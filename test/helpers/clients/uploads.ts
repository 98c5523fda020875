import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

import type { UploadAccepted } from '../../../src/contract/upload.ts';

/** Uploads a small text, as a document of its own unless the fields say otherwise. */
export async function upload(url: string, text = 'hello', fields: Record<string, string> = {}) {
  const body = new FormData();
  body.append('file', new File([text], 'a.txt'));
  for (const [name, value] of Object.entries({ on_duplicate: 'keep', ...fields })) body.append(name, value);
  return fetch(`${url}/api/documents/upload`, { method: 'POST', body });
}

/** @returns the job's id */
export async function expectAccepted(response: Response): Promise<string> {
  expect(response.status).toBe(202);
  return ((await response.json()) as UploadAccepted).job_id;
}

export async function expectRefused(response: Response, code: string): Promise<void> {
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code });
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
}

/** The files of the default tenant: originals, and what stands beside them. */
export function storedFiles(dataDir: string): Promise<string[]> {
  return readdir(join(dataDir, 'blobs', 'default')).catch(() => []);
}
