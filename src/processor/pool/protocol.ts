import type { CutSettings } from '../../contract/services/processor.ts';
import type { ErrorCode } from '../errors.ts';
import type { OcrData } from '../ocr/languages.ts';
import type { DocumentFile } from '../parsers/document-file.ts';
import type { PageName } from '../parsers/ocr/recognition.ts';

/** Text of pages by OCR, for a second parse of the file. */
export interface Recognized {
  /** Markdown by page. */
  texts: ReadonlyMap<PageName, string>;
  /** Number of segments that the first parse has sent. The second skips them. */
  sentSegments: number;
}

/** Pages of a file that need OCR, and what the first parse has done without them. */
export interface UnreadPages {
  pages: PageName[];
  pagesDone: number;
  pagesTotal: number;
  sentSegments: number;
}

/** Work for a child. Large files go by path, because both processes would copy a message whole. */
export type Task =
  | {
      kind: 'parse';
      path: DocumentFile;
      bytes: number;
      filename: string;
      /** The caller's declaration. It is only a hint. */
      mediaType: string;
      maxTextChars: number;
      /** Longest silence of a reader that another can replace, in ms. */
      maxSilenceMs: number;
      /** Whether to read what the document hides. */
      includeHidden?: boolean;
      format: 'json' | 'ndjson';
      /** How to cut the text. Absent for a caller that wants no chunks. */
      cut?: CutSettings | undefined;
      /** Texts that OCR has read. Absent for the first parse, which reports the pages that need it. */
      recognized?: Recognized | undefined;
    }
  /** Reads one page of a file by OCR. `timeoutMs` is the limit of the task. */
  | {
      kind: 'ocr';
      path: DocumentFile;
      page: PageName;
      filename: string;
      mediaType: string;
      /** As in the parse, for a mail that has the page in an attachment. */
      maxTextChars: number;
      timeoutMs: number;
      data: OcrData;
    }
  /** `source` holds the body of a `POST /chunk`. */
  | { kind: 'chunk'; source: { text: string } | { path: string }; bytes: number; maxTextChars: number }
  | { kind: 'embed'; texts: string[] };

/**
 * A report of a child: `ready` once, then for every task any number of `alive` and `bytes` and one `done` or `failed`.
 * `unread` before `done` means that the response lacks pages, and ends before the first of them. `spent` before that
 * means that the child cannot take another task, because abandoned work of this one still runs.
 */
export type ChildMessage =
  | { type: 'ready' }
  | { type: 'alive' }
  | { type: 'bytes'; bytes: Uint8Array }
  | { type: 'unread'; unread: UnreadPages }
  | { type: 'spent' }
  | { type: 'done' }
  /** `cause` is for the log. */
  | { type: 'failed'; code: ErrorCode; detail: string; cause?: string };

/** The argument that makes a child load the bundled embedding model at start. */
export const WITH_MODEL = 'with-model';
