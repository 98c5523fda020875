import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { expect, test } from 'vitest';

import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { residentMiB } from '../../helpers/measures/memory.ts';
import { useSluice } from '../../helpers/servers/use.ts';

const GIB = 1024 ** 3;
const BOUNDARY = 'large';

const sluice = useSluice({ env: { MAX_UPLOAD_BYTES: String(2 * GIB) } });

async function upload(bytes: number): Promise<UploadAccepted> {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="zeros.bin"\r\n\r\n`;
  const tail = `\r\n--${BOUNDARY}--\r\n`;
  const block = Buffer.alloc(1024 * 1024);
  function* body() {
    yield Buffer.from(head);
    for (let left = bytes; left > 0; left -= block.length)
      yield block.subarray(0, Math.min(left, block.length));
    yield Buffer.from(tail);
  }
  const response = await request(`${sluice.url}/api/documents/upload`, {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': String(head.length + bytes + tail.length),
    },
    body: Readable.from(body(), { objectMode: false }),
    headersTimeout: 120_000,
  });
  expect(response.statusCode).toBe(202);
  return (await response.body.json()) as UploadAccepted;
}

test('a file of 1 GiB moves the memory of the web process by less than 64 MiB, and arrives whole', async () => {
  await upload(64 * 1024 * 1024);
  const pid = await sluice.rolePid('api');
  const before = await residentMiB(pid);
  const { job_id } = await upload(GIB);
  const after = await residentMiB(pid);
  expect(after.peak - before.now).toBeLessThan(64);
  expect((await stat(join(sluice.dataDir, 'blobs', 'default', job_id))).size).toBe(GIB);
  expect(await sluice.ended(job_id)).toMatchObject({ status: 'failed', error_code: 'text_too_long' });
});
