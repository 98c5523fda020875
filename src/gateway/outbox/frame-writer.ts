import type { Duplex } from 'node:stream';

/** Time in ms that a frame takes to a slow client. Others skip states, too, but for no longer than a busy server does. */
const SLOW_MS = 250;

/** Writes one frame at a time to a socket, and notices a slow client. */
export class FrameWriter {
  readonly #stream: Duplex;
  /** Time since which the socket takes its last frame; 0 once it has. */
  #writingSince = 0;
  /** Whether the client skipped states since it last had everything, and whether it was told. */
  #skipped: 'none' | 'some' | 'told' = 'none';

  /** @param stream the socket under the WebSocket, which gets only whole frames */
  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** True while the socket has not taken its last frame. */
  get busy(): boolean {
    return this.#writingSince !== 0;
  }

  /** Returns for how long the socket has not taken its last frame, in ms. */
  busyMs(now: number): number {
    return this.busy ? now - this.#writingSince : 0;
  }

  /** Notes that a newer state has replaced an unsent one. */
  skip(): void {
    if (this.busy && this.#skipped === 'none') this.#skipped = 'some';
  }

  /** Notes that the client has everything. */
  caughtUp(): void {
    this.#skipped = 'none';
  }

  /** Writes a frame. The socket MUST have taken the last one. @returns false if the socket takes it later */
  write(frame: Buffer): boolean {
    this.#stream.write(frame);
    return this.#stream.writableLength === 0;
  }

  /**
   * Waits until the socket has taken the frame that it takes later. A failed socket closes by itself, and its client reads
   * the lost states again.
   * @param onTaken called with true if the client is slow, has skipped states, and does not know that yet
   */
  wait(onTaken: (skipped: boolean) => void): void {
    this.#writingSince = performance.now();
    // Runs after the frame. A callback on each frame would cost each of them a tick.
    this.#stream.write('', (error) => {
      const skipped = this.#skipped === 'some' && this.busyMs(performance.now()) > SLOW_MS;
      if (skipped) this.#skipped = 'told';
      this.#writingSince = 0;
      if (!error) onTaken(skipped);
    });
  }
}
