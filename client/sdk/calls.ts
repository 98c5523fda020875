import type { BatchView } from '../../src/contract/batches/batch.ts';
import type {
  ChunkList,
  Collection,
  CollectionDeletion,
  CollectionList,
  Document,
  DocumentList,
} from '../../src/contract/documents.ts';
import type { Job, Timeline } from '../../src/contract/job.ts';
import type { BulkResult, DeletionResult, JobList, Stats } from '../../src/contract/jobs.ts';
import type { SearchResponse } from '../../src/contract/search.ts';
import type { UploadAccepted } from '../../src/contract/upload.ts';
import { queryOf } from './addresses.ts';
import type {
  CallOptions,
  ChunkQuery,
  ContentOptions,
  DocumentQuery,
  DocumentSelection,
  JobQuery,
  JobSelection,
  MetadataEdit,
  PageQuery,
  SearchQuery,
} from './api.ts';
import type { Requester } from './requester.ts';
import { isPassing, type SluiceError } from './sluice-error.ts';

/** Most calls of a deletion that may fail for a reason that passes. */
const MOST_FAILURES = 3;

/** Calls of the API. A failed call throws a `SluiceError`. */
export class Calls {
  /** @internal */
  protected readonly requester: Requester;

  /** @internal */
  constructor(requester: Requester) {
    this.requester = requester;
  }

  /** Finds the chunks that match a query, best first. */
  search(query: SearchQuery, options: CallOptions = {}): Promise<SearchResponse> {
    return this.requester.json('api/search', { method: 'POST', body: query, ...options });
  }

  /** Reads a page of the documents. */
  documents(query: DocumentQuery = {}, options: CallOptions = {}): Promise<DocumentList> {
    return this.requester.json(`api/documents${queryOf(query)}`, options);
  }

  document(id: string, options: CallOptions = {}): Promise<Document> {
    return this.requester.json(`api/documents/${encodeURIComponent(id)}`, options);
  }

  /** Reads a page of a document's chunks. */
  chunks(id: string, query: ChunkQuery = {}, options: CallOptions = {}): Promise<ChunkList> {
    return this.requester.json(`api/documents/${encodeURIComponent(id)}/chunks${queryOf(query)}`, options);
  }

  /** Opens the original of a document, or a range of its bytes. The caller reads the body. */
  content(id: string, { range, signal }: ContentOptions = {}): Promise<Response> {
    const headers: Record<string, string> = range ? { range: `bytes=${range[0]}-${range[1]}` } : {};
    return this.requester.open(`api/documents/${encodeURIComponent(id)}/content`, headers, signal);
  }

  /** Sets keys of a document's metadata, and removes those with `null`. */
  editMetadata(id: string, metadata: MetadataEdit, options: CallOptions = {}): Promise<Document> {
    const path = `api/documents/${encodeURIComponent(id)}`;
    return this.requester.json(path, { method: 'PATCH', body: { metadata }, ...options });
  }

  /** Indexes a document again from its original. */
  reindex(id: string, options: CallOptions = {}): Promise<UploadAccepted> {
    return this.#post(`api/documents/${encodeURIComponent(id)}/reindex`, { tries: 1, ...options });
  }

  async deleteDocument(id: string, options: CallOptions = {}): Promise<void> {
    await this.requester.send(`api/documents/${encodeURIComponent(id)}`, { method: 'DELETE', ...options });
  }

  /** Deletes the documents that match a selection, in as many calls as the server needs. */
  async deleteDocuments(selection: DocumentSelection, options: CallOptions = {}): Promise<DeletionResult> {
    const all: DeletionResult = { matched: 0, deleted: 0, skipped: 0, failed: [] };
    let cursor: string | undefined;
    do {
      const body = { ...selection, ...(cursor !== undefined && { cursor }) };
      const some: DeletionResult = await this.#post('api/documents/delete', { body, ...options });
      for (const count of ['matched', 'deleted', 'skipped'] as const) all[count] += some[count];
      all.failed.push(...some.failed);
      cursor = some.next_cursor;
    } while (cursor !== undefined);
    return all;
  }

  /** Reads a page of the collections that have documents, by name. */
  collections(query: PageQuery = {}, options: CallOptions = {}): Promise<CollectionList> {
    return this.requester.json(`api/collections${queryOf(query)}`, options);
  }

  collection(name: string, options: CallOptions = {}): Promise<Collection> {
    return this.requester.json(`api/collections/${encodeURIComponent(name)}`, options);
  }

  /** Cancels the jobs of a collection, and deletes its documents, in as many calls as the server needs. */
  async deleteCollection(name: string, options: CallOptions = {}): Promise<CollectionDeletion> {
    const path = `api/collections/${encodeURIComponent(name)}`;
    const all: CollectionDeletion = { documents_deleted: 0, jobs_cancelled: 0, more: true };
    for (let failures = 0, isFirst = true; all.more; isFirst = false)
      try {
        const some: CollectionDeletion = await this.requester.json(path, {
          method: 'DELETE',
          tries: 1,
          ...options,
        });
        all.documents_deleted += some.documents_deleted;
        all.jobs_cancelled += some.jobs_cancelled;
        all.more = some.more;
      } catch (error) {
        // A call before this one, whose response was lost, has deleted the rest.
        if (!isFirst && (error as SluiceError).code === 'collection_not_found') all.more = false;
        else if (!isPassing(error) || ++failures >= MOST_FAILURES) throw error;
      }
    return all;
  }

  /** Embeds a collection again with the server's present model. */
  reembed(name: string, options: CallOptions = {}): Promise<UploadAccepted> {
    return this.#post(`api/collections/${encodeURIComponent(name)}/reembed`, { tries: 1, ...options });
  }

  job(id: string, options: CallOptions = {}): Promise<Job> {
    return this.requester.json(`api/jobs/${encodeURIComponent(id)}`, options);
  }

  timeline(id: string, options: CallOptions = {}): Promise<Timeline> {
    return this.requester.json(`api/jobs/${encodeURIComponent(id)}/timeline`, options);
  }

  /** Reads a page of the jobs. */
  jobs(query: JobQuery = {}, options: CallOptions = {}): Promise<JobList> {
    return this.requester.json(`api/jobs${queryOf(query)}`, options);
  }

  /** Cancels a job. */
  cancel(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#post(`api/jobs/${encodeURIComponent(id)}/cancel`, options);
  }

  /** Runs a failed job again, or retries a waiting one now. */
  retry(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#post(`api/jobs/${encodeURIComponent(id)}/retry`, options);
  }

  /** Cancels the jobs that match a selection and have not ended. */
  cancelJobs(selection: JobSelection, options: CallOptions = {}): Promise<BulkResult> {
    return this.#change('api/jobs/cancel', selection, options);
  }

  /** Retries the failed, cancelled and waiting jobs that match a selection. */
  retryJobs(selection: JobSelection, options: CallOptions = {}): Promise<BulkResult> {
    return this.#change('api/jobs/retry', selection, options);
  }

  batch(name: string, options: CallOptions = {}): Promise<BatchView> {
    return this.requester.json(`api/batches/${encodeURIComponent(name)}`, options);
  }

  /** Cancels the jobs of a batch that have not ended. */
  cancelBatch(name: string, options: CallOptions = {}): Promise<BulkResult> {
    return this.#change(`api/batches/${encodeURIComponent(name)}/cancel`, {}, options);
  }

  /** Retries the failed jobs of a batch: all, or those with one error code. */
  retryBatch(name: string, errorCode?: string, options: CallOptions = {}): Promise<BulkResult> {
    const body = errorCode === undefined ? {} : { error_code: errorCode };
    return this.#change(`api/batches/${encodeURIComponent(name)}/retry`, body, options);
  }

  stats(options: CallOptions = {}): Promise<Stats> {
    return this.requester.json('api/stats', options);
  }

  /** Changes jobs, in as many calls as the server needs. */
  async #change(path: string, body: object, options: CallOptions): Promise<BulkResult> {
    const all: BulkResult = { matched: 0, changed: 0, skipped: 0, failed: [] };
    let cursor: string | undefined;
    do {
      const asked = { ...body, ...(cursor !== undefined && { cursor }) };
      const some: BulkResult = await this.#post(path, { body: asked, ...options });
      for (const count of ['matched', 'changed', 'skipped'] as const) all[count] += some[count];
      all.failed.push(...some.failed);
      cursor = some.next_cursor;
    } while (cursor !== undefined);
    return all;
  }

  #post<T>(path: string, options: CallOptions & { body?: unknown; tries?: number }): Promise<T> {
    return this.requester.json(path, { method: 'POST', ...options });
  }
}
