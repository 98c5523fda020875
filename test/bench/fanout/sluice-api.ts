import type { Side } from './side.ts';
import { side as gateway, startSluice } from './sluice.ts';

/** Sluice where it answers polling, too. */
export const side: Side = {
  ...gateway,
  serve: (redisUrl, folder) => startSluice(['api', 'gateway'], redisUrl, folder),
};
