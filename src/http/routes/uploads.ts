import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';

import { AppError } from '../../errors.ts';
import type { Installation } from '../../installation/installation.ts';
import type { JobQueue } from '../../jobs/job-queue.ts';
import type { Logger } from '../../logger.ts';
import { DEFAULT_TENANT } from '../../redis/keys.ts';
import { acceptUpload } from '../../uploads/accept-upload.ts';
import type { BlobStore } from '../../uploads/blob-store.ts';
import type { FreeSpace } from '../../uploads/free-space.ts';
import type { UploadConnection } from '../../uploads/upload-connection.ts';

/** `POST /api/documents/upload` */
export function uploadRoutes(
  services: {
    blobs: BlobStore;
    space: FreeSpace;
    connection: UploadConnection;
    queue: JobQueue;
    installation: Pick<Installation, 'proveBlobs'>;
    logger: Logger;
  },
  { maxUploadBytes: maxBytes, publicPath }: { maxUploadBytes: number; publicPath: string },
) {
  return new Hono<{ Bindings: HttpBindings }>().post('/api/documents/upload', async (c) => {
    // The request is read as a Node stream: it goes straight to the disk, at the disk's pace.
    const idempotencyKey = c.req.header('idempotency-key');
    if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
      throw new AppError('invalid_request', 'Idempotency-Key: must have 1 to 255 visible ASCII characters');
    }
    const asked = { tenant: DEFAULT_TENANT, maxBytes, idempotencyKey };
    const accepted = await acceptUpload(c.env.incoming, { ...services, ...asked });
    // Written straight to the socket: somebody waits, and a Response object would cost as much as the queue.
    const { outgoing } = c.env;
    outgoing.setHeaders(c.res.headers);
    const location = `${publicPath}/api/jobs/${accepted.job_id}`;
    const headers = { 'content-type': 'application/json', location };
    outgoing.writeHead(202, headers).end(JSON.stringify(accepted));
    return RESPONSE_ALREADY_SENT;
  });
}
