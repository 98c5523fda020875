/** Describes a stable code: its meaning in each place, and the action of its reader. */
export interface ErrorEntry {
  /** Status and title of a response of the HTTP API. */
  http?: readonly [status: number, title: string];
  /** Text for the owner of a document that no processor can process. Its status is 422, and the job fails at once. */
  document?: string;
  /** Status of any other response of a processor, and its text. */
  processor?: readonly [status: number, detail: string];
  /** Meaning as a job's `error_code`, where no processor sends it. A worker also logs it while a job waits. */
  job?: string;
  /** Meaning in an `error` message of the push. */
  push?: string;
  action: string;
}

/** Builders of entries: of a response of the API, of a processor, for a document's owner, of a job, of the push. */
export const http = (status: number, title: string, action: string) =>
  ({ http: [status, title], action }) as const;
export const processor = (status: number, detail: string, action: string) =>
  ({ processor: [status, detail], action }) as const;
export const document = (text: string, action: string) => ({ document: text, action });
export const job = (meaning: string, action: string) => ({ job: meaning, action });
export const push = (meaning: string, action: string) => ({ push: meaning, action });

/** Actions that several entries share. */
export const CORRECT = 'Correct the request as `detail` says.';
export const UPLOAD_AGAIN = 'Upload the file again.';
export const RETRY_LATER = 'Retry later. The operator looks at the log.';
export const CHECK_PROCESSOR = 'The operator looks at the log of the processor.';
export const CHECK_CHROMA = 'The operator looks at the log of Chroma.';
export const CHECK_KEYWORDS = 'The operator looks at the log of the keyword index.';
export const CHECK_EMBEDDER = 'The operator looks at the embedding service.';
export const LOOK = 'Look the id up in the list.';
