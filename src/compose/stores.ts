import { type Role } from '../config.ts';
import { CHROMA_TIMEOUT_MS } from '../documents/chroma-call.ts';
import { VectorStore } from '../documents/vector-store.ts';
import { BlobProbe } from '../installation/blob-probe.ts';
import { MAX_CALL_SILENCES } from '../contract/services/processor.ts';
import { KeywordIndex, KEYWORDS_TIMEOUT_MS } from '../keywords-client/keyword-index.ts';
import { PresentReader } from '../processor-client/present-reader.ts';
import { ProcessorClient } from '../processor-client/processor-client.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { requireUrl } from './require-url.ts';
import type { Shared } from './shared.ts';

/** Further services that api and worker share. */
export interface Stores {
  blobs: BlobStore;
  chromaUrl: string;
  vectors: VectorStore;
  keywords: KeywordIndex;
  processor: ProcessorClient;
  reader: PresentReader;
}

/** Opens the stores that api and worker use, and their readiness checks. */
export async function openStores(roles: readonly Role[], shared: Shared): Promise<Stores> {
  const { config, started, installation, checks, dependencies } = shared;
  const chromaUrl = requireUrl('CHROMA_URL', config.chromaUrl, roles);
  const vectors = new VectorStore(chromaUrl, (client) => installation.proveChroma(client));
  dependencies['chroma'] = () => vectors.heartbeat(AbortSignal.timeout(CHROMA_TIMEOUT_MS));
  const keywordsUrl = requireUrl('KEYWORDS_URL', config.keywordsUrl, roles);
  const keywords = new KeywordIndex(keywordsUrl, {
    secret: config.keywordsSecret,
    installation: () => installation.id,
  });
  started.defer(() => keywords.close());
  dependencies['keywords'] = () => keywords.heartbeat(AbortSignal.timeout(KEYWORDS_TIMEOUT_MS));
  const processorUrl = requireUrl('PROCESSOR_URL', config.processorUrl, roles);
  const { processorTimeoutMs: timeoutMs, processorSecret: secret, maxTextChars } = config;
  const limits = { timeoutMs, callMs: timeoutMs * MAX_CALL_SILENCES, maxTextChars };
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const processor = new ProcessorClient(processorUrl, limits, { headers });
  started.defer(() => processor.close());
  let asked: ReturnType<ProcessorClient['health']> | undefined;
  // Coalesces both checks, and concurrent probes, into one call.
  const health = () => (asked ??= processor.health().finally(() => (asked = undefined)));
  const reader = new PresentReader(health);
  started.defer(() => reader.close());
  dependencies['processor'] = health;
  dependencies['embedder'] = async () => {
    if ((await health()).embedder === 'away') throw new Error('the embedding server is away');
  };
  const probe = new BlobProbe(config.blobStore);
  // A missing folder holds nothing to remove.
  await probe.removeStale().catch(() => {});
  checks['blobs'] = async () => {
    await installation.checkBlobs();
    await probe.prove();
  };
  const blobs = new BlobStore(config.blobStore);
  started.defer(() => blobs.close());
  return { blobs, chromaUrl, vectors, keywords, processor, reader };
}
