import type { Duplex } from 'node:stream';

/** Writes one frame at a time to a socket. */
export class FrameWriter {
  readonly #stream: Duplex;
  /** Time since which the socket takes its last frame; 0 once it has. */
  #writingSince = 0;

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

  /** Writes a frame. The socket MUST have taken the last one. @returns false if the socket takes it later */
  write(frame: Buffer): boolean {
    this.#stream.write(frame);
    return this.#stream.writableLength === 0;
  }

  /**
   * Waits until the socket has taken the frame that it takes later. A failed socket closes by itself, and its client reads
   * the lost states again.
   * @param onTaken called with the ms that it took
   */
  wait(onTaken: (tookMs: number) => void): void {
    this.#writingSince = performance.now();
    // Runs after the frame. A callback on each frame would cost each of them a tick.
    this.#stream.write('', (error) => {
      const took = this.busyMs(performance.now());
      this.#writingSince = 0;
      if (!error) onTaken(took);
    });
  }
}
