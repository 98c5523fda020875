import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Guard } from '../../../src/access/guard.ts';
import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { startKeywords } from '../../../src/keywords/server.ts';
import { quietLogger } from './roles.ts';

/** Starts an empty keyword index in this process. */
export async function startKeywordIndex() {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-keywords-'));
  const logger = quietLogger();
  const options = { host: '127.0.0.1', port: 0, guard: new Guard([], [], logger), secret: undefined, logger };
  const running = await startKeywords({ ...options, folder });
  const url = `http://127.0.0.1:${running.port}`;
  const index = new KeywordIndex(url, { secret: undefined, installation: () => 'test' });
  return {
    url,
    index,
    async close() {
      await index.close();
      await running.close();
      await rm(folder, { recursive: true });
    },
  };
}
