import type { Redis } from 'ioredis';

import type { Logger } from '../logging/logger.ts';
import type { Keys } from '../redis/keys.ts';
import { withoutCredentials } from '../logging/without-credentials.ts';
import { BlobIdentity } from './blob-identity.ts';
import { ChromaIdentity, type ChromaCall } from './chroma-identity.ts';
import type { Places } from './decide.ts';
import { RedisIdentity } from './redis-identity.ts';

/** Groups the stores that carry an installation's id, with their places. */
export interface IdentityStores {
  blobs: BlobIdentity;
  redis: RedisIdentity;
  chroma: ChromaIdentity;
  places: Places;
}

/** Makes the stores' accessors. @param blobStore absolute path of the blob store's folder */
export function identityStores(
  { blobStore, redisUrl, chromaUrl }: { blobStore: string; redisUrl: string; chromaUrl: string },
  redis: Redis,
  keys: Keys,
  callChroma: ChromaCall,
  logger: Logger,
): IdentityStores {
  return {
    blobs: new BlobIdentity(blobStore),
    redis: new RedisIdentity(redis, keys, logger),
    chroma: new ChromaIdentity(callChroma),
    places: {
      blobs: blobStore,
      redis: withoutCredentials(redisUrl),
      prefix: keys.prefix,
      chroma: withoutCredentials(chromaUrl),
    },
  };
}
