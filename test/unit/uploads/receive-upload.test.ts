import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';

import type { BlobWriter } from '../../../src/blobs/blob-store.ts';
import { AppError } from '../../../src/errors.ts';
import type { FreeSpace } from '../../../src/uploads/free-space.ts';
import { receiveUpload } from '../../../src/uploads/receive-upload.ts';

const named = (collection: string) =>
  `--b\r\ncontent-disposition: form-data; name="collection"\r\n\r\n${collection}\r\n`;
const FILE = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nPears\r\n';

/** Receives a form, whose end waits for `rest`. */
function receive(parts: string[], refuse: Promise<void> = Promise.resolve(), rest = refuse) {
  const request = Object.assign(new PassThrough(), {
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    socket: { bytesRead: 0 },
  });
  // The boundary ends the last part.
  request.write([...parts, '--b'].join(''));
  void rest.then(() => request.end('--\r\n'));
  const blob = {
    stream: new PassThrough().resume(),
    digest: () => ({ size: 5, contentHash: 'x' }),
  } as unknown as BlobWriter;
  const space = {
    claim: async () => ({ take: async () => {}, [Symbol.dispose]: () => {} }),
  } as unknown as FreeSpace;
  const asked: string[] = [];
  const received = receiveUpload(request as unknown as IncomingMessage, blob, {
    space,
    body: { arrived: () => {}, end: () => {} },
    limits: { maxBytes: 100, leastRate: 1 },
    admit: async (collection) => {
      asked.push(collection);
      await refuse;
      if (collection === 'other') throw new AppError('embedding_mismatch', 'no');
    },
  });
  return { received, asked };
}

test('asks only about the last collection before the file', async () => {
  const { received, asked } = receive([named('other'), named('papers'), FILE]);
  const { admit, fields, ignored } = await received;
  await admit();
  expect(fields.collection).toBe('papers');
  expect(ignored).toEqual(['collection']);
  expect(asked).toEqual(['papers']);
});

test('asks again about a collection after the file, which then counts', async () => {
  // The refusal comes after the later field, and before the form's end.
  const refuse = new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  const end = refuse.then(() => new Promise<void>((resolve) => setImmediate(resolve)));
  const { received, asked } = receive([named('other'), FILE, named('papers')], refuse, end);
  const { admit, fields } = await received;
  await admit();
  expect(fields.collection).toBe('papers');
  expect(asked).toEqual(['other', 'papers']);
});

test.each([
  ['a form that names it before the file', [named('other'), FILE]],
  ['a form that names it after the file', [FILE, named('other')]],
  ['a form that names it last', [named('papers'), FILE, named('other')]],
])('refuses the collection of %s', async (_form, parts) => {
  const { received } = receive(parts);
  await expect(received.then(({ admit }) => admit())).rejects.toMatchObject({
    code: 'embedding_mismatch',
  });
});
