import { expect } from 'vitest';

import type { Collection, Document, DocumentList } from '../../../../src/contract/documents.ts';
import type { TestSluice } from '../../../helpers/servers/sluice.ts';

/** Reads at the server what the page should have done. */
export function serverCalls(sluice: Pick<TestSluice, 'url' | 'upload' | 'ended'>) {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(sluice.url + path);
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return (await response.json()) as T;
  };
  return {
    get,
    status: async (path: string) => (await fetch(sluice.url + path)).status,
    document: (id: string) => get<Document>(`/api/documents/${id}`),
    collection: (name: string) => get<Collection>(`/api/collections/${name}`),
    /** Lists the file names of a collection, newest first. */
    names: async (collection: string): Promise<string[]> => {
      const query = new URLSearchParams({ collection, limit: '1000' });
      const { documents } = await get<DocumentList>(`/api/documents?${String(query)}`);
      return documents.map(({ filename }) => filename);
    },
    /** Uploads, and waits for the job. @returns the document's id */
    ingest: async (file: string | File, fields: Record<string, string> = {}): Promise<string> => {
      const { job_id } = await sluice.upload(file, fields);
      const job = await sluice.ended(job_id);
      expect(job).toMatchObject({ status: 'completed' });
      return job.result!.document_id;
    },
  };
}

/** Makes a small note. */
export function note(name: string, text = `A pear that ${name} knows is green.`): File {
  return new File([text], name, { type: 'text/markdown' });
}
