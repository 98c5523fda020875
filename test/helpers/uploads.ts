import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

import type { UploadAccepted } from '../../src/contract/upload.ts';

/** Uploads a small text. */
export async function upload(url: string, text = 'hello', fields: Record<string, string> = {}) {
  const body = new FormData();
  body.append('file', new File([text], 'a.txt'));
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return fetch(`${url}/api/documents/upload`, { method: 'POST', body });
}

/** @returns the job's id */
export async function expectAccepted(answer: Response): Promise<string> {
  expect(answer.status).toBe(202);
  return ((await answer.json()) as UploadAccepted).job_id;
}

export async function expectRefused(answer: Response, code: string): Promise<void> {
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}

/** The files of the default tenant: originals, and what stands beside them. */
export function storedFiles(dataDir: string): Promise<string[]> {
  return readdir(join(dataDir, 'blobs', 'default')).catch(() => []);
}
