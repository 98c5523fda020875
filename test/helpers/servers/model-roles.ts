import { afterEach } from 'vitest';

import { startHttpGate, type HttpGate } from '../faults/http-gate.ts';
import { startTestRoles, type TestRoles } from './roles.ts';
import { FOR_EACH, use, useBackends, useFolder, useRedis } from './use.ts';

/** An embedding model as a processor presents it. */
export interface Presented {
  model: string;
  /** Length of the vectors. */
  dimensions: number;
  /** Fields that the health names; by default both. */
  named?: Partial<{ model: string; dimensions: number }>;
}

/**
 * Registers the stores, and a processor whose model a test chooses. The test starts an api and a worker again after each
 * change, as an operator does.
 */
export function useModelRoles() {
  const folder = useFolder();
  const redis = useRedis();
  const backends = useBackends();
  const processor: HttpGate = use(() => startHttpGate(backends.env['PROCESSOR_URL']!), FOR_EACH);
  const chroma: HttpGate = use(() => startHttpGate(backends.env['CHROMA_URL']!), FOR_EACH);
  let running: TestRoles[] = [];

  const stop = async () => {
    await Promise.all(running.map((roles) => roles.close()));
    running = [];
  };
  afterEach(stop);

  /** Makes the processor embed with a model from now on. */
  const present = ({ model, dimensions, named = { model, dimensions } }: Presented) => {
    processor.rewrite = (path, text) => {
      if (path.endsWith('/health')) {
        const { model: _model, dimensions: _dimensions, ...health } = JSON.parse(text) as object & Presented;
        return JSON.stringify({ ...health, ...named });
      }
      if (!path.endsWith('/embed')) return text;
      const { embeddings } = JSON.parse(text) as { embeddings: number[][] };
      const sized = embeddings.map((vector) =>
        Array.from({ length: dimensions }, (_, i) => vector[i] ?? 0.1),
      );
      return JSON.stringify({ embeddings: sized, model, dimensions });
    };
  };

  /** Starts a role, and waits until it has seen the processor's health, unless the health is refused. */
  const startRole = async (role: 'api' | 'worker'): Promise<TestRoles> => {
    const roles = await startTestRoles([role], {
      REDIS_URL: redis.url,
      CHROMA_URL: chroma.url,
      PROCESSOR_URL: processor.url,
      KEYWORDS_URL: backends.env['KEYWORDS_URL']!,
      BLOB_STORE: `${folder}/blobs`,
      LEASE_MS: '1500',
    });
    running.push(roles);
    // Its check shares the first look at the processor, or comes after it.
    await fetch(`${roles.url}/readyz`);
    return roles;
  };

  return {
    redis,
    processor,
    chroma,
    folder,
    present,
    startRole,
    stop,
    /** Stops all roles, changes the model, and starts an api and a worker. @returns the api */
    async restartWith(model: Presented): Promise<TestRoles> {
      await stop();
      present(model);
      const api = await startRole('api');
      await startRole('worker');
      return api;
    },
  };
}
