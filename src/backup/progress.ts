/** Update interval in ms, on a terminal and in a log. */
const TERMINAL_MS = 200;
const LOG_MS = 10_000;

/** Shows the progress of a copy: files, bytes, percent. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #totalFiles = 0;
  #totalBytes = 0;
  #files = 0;
  #bytes = 0;
  #shownAt = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  begin(totalFiles: number, totalBytes: number): void {
    this.#totalFiles = totalFiles;
    this.#totalBytes = totalBytes;
    this.#show();
  }

  /** @param done total of files so far */
  files(done: number): void {
    this.#files = done;
    this.#showInTime();
  }

  /** @param more bytes since the last call */
  bytes(more: number): void {
    this.#bytes += more;
    this.#showInTime();
  }

  end(): void {
    this.#show();
    if (this.#out.isTTY) this.#out.write('\n');
  }

  #showInTime(): void {
    if (performance.now() - this.#shownAt > (this.#out.isTTY ? TERMINAL_MS : LOG_MS)) this.#show();
  }

  #show(): void {
    this.#shownAt = performance.now();
    const share = this.#totalBytes === 0 ? 1 : Math.min(1, this.#bytes / this.#totalBytes);
    const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
    const line = `${this.#files} of ${this.#totalFiles} files, ${mib(this.#bytes)} of ${mib(this.#totalBytes)} MiB, ${Math.floor(share * 100)} %`;
    this.#out.write(this.#out.isTTY ? `\r${line}   ` : `${line}\n`);
  }
}
