import type { ProcessorError } from '../errors.ts';
import type { Task, UnreadPages } from './protocol.ts';

/** The caller of a task. */
export interface Caller {
  /** Aborts when the caller no longer wants a response. */
  signal: AbortSignal;
  /** The caller's document, if it names one. Tasks of one document share its turns. */
  document: string | undefined;
  /** Id of its job, if the call names one. Log lines carry it. */
  job?: string | undefined;
}

/** A task's response as its caller sees it. */
export interface PendingResponse {
  /** Resolves when a child begins the task, or when the task ends. */
  readonly turn: Promise<void>;
  /**
   * Resolves with the first bytes of the response. It rejects with a {@link ProcessorError} if there are none. A
   * later error fails the stream. Bytes wait in memory for a slow reader, so that the child is free early. The text
   * limit bounds them.
   */
  readonly response: Promise<AsyncIterable<Uint8Array>>;
}

/** A task in the pool. It connects the caller's response to the child's reports. */
export class TaskRun implements PendingResponse {
  readonly task: Task;
  readonly caller: Caller;
  readonly turn: Promise<void>;
  readonly response: Promise<AsyncIterable<Uint8Array>>;
  /** Pages that the response lacks; set before it ends. */
  unread: UnreadPages | undefined;
  readonly #begun = Promise.withResolvers<void>();
  readonly #responded = Promise.withResolvers<AsyncIterable<Uint8Array>>();
  readonly #onEnd: () => void;
  /** Bytes that the reader has not taken yet. */
  readonly #held: Uint8Array[] = [];
  /** Called when there is something for the reader. */
  #wake: () => void = () => {};
  #error: ProcessorError | undefined;
  #ended = false;
  readonly #body = this.#read();

  /** @param onEnd called once, as soon as no child needs the task */
  constructor(task: Task, caller: Caller, onEnd: () => void) {
    this.task = task;
    this.caller = caller;
    this.#onEnd = onEnd;
    this.turn = this.#begun.promise;
    this.response = this.#responded.promise;
    // A caller that awaits the turn does not handle the response's rejection yet.
    this.response.catch(() => {});
  }

  begin(): void {
    this.#begun.resolve();
  }

  bytes(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#held.push(bytes);
    this.#responded.resolve(this.#body);
    this.#wake();
  }

  done(): void {
    this.#end();
    this.#responded.resolve(this.#body);
  }

  fail(error: ProcessorError): void {
    if (!this.#ended) this.#error = error;
    this.#end();
    this.#responded.reject(error);
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
    this.#begun.resolve();
    this.#onEnd();
  }

  /** Yields the bytes as they come. */
  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        for (let bytes; (bytes = this.#held.shift());) yield bytes;
        if (this.#error) throw this.#error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#ended = true;
    }
  }
}
