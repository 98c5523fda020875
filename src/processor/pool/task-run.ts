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
  readonly response: Promise<ReadableStream<Uint8Array>>;
}

/** A task in the pool. It connects the caller's response to the child's reports. */
export class TaskRun implements PendingResponse {
  readonly task: Task;
  readonly caller: Caller;
  readonly turn: Promise<void>;
  readonly response: Promise<ReadableStream<Uint8Array>>;
  /** Pages that the response lacks; set before it ends. */
  unread: UnreadPages | undefined;
  readonly #begun = Promise.withResolvers<void>();
  readonly #responded = Promise.withResolvers<ReadableStream<Uint8Array>>();
  readonly #stream: ReadableStream<Uint8Array>;
  readonly #onEnd: () => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #ended = false;

  /** @param onEnd called once, as soon as no child needs the task */
  constructor(task: Task, caller: Caller, onEnd: () => void) {
    this.task = task;
    this.caller = caller;
    this.#onEnd = onEnd;
    this.turn = this.#begun.promise;
    this.response = this.#responded.promise;
    // A caller that awaits the turn does not handle the response's rejection yet.
    this.response.catch(() => {});
    this.#stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#ended = true;
      },
    });
  }

  begin(): void {
    this.#begun.resolve();
  }

  bytes(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#controller.enqueue(bytes);
    this.#responded.resolve(this.#stream);
  }

  done(): void {
    this.#end(() => {
      this.#controller.close();
      this.#responded.resolve(this.#stream);
    });
  }

  fail(error: ProcessorError): void {
    this.#end(() => {
      this.#controller.error(error);
      this.#responded.reject(error);
    });
  }

  #end(settle: () => void): void {
    if (!this.#ended) settle();
    this.#ended = true;
    this.#begun.resolve();
    this.#onEnd();
  }
}
