import { SluiceError, type Sluice } from '../sdk/sluice.ts';

/** Time in ms without a byte after which a read counts as lost. A store that wakes up takes some seconds. */
const STALLED_MS = 15_000;

/**
 * Reads the original of a document, or a range of its bytes. A large one may take as long as its bytes keep coming.
 * @param range first and last byte
 * @throws {SluiceError} `timeout` if nothing comes for {@link STALLED_MS}, `unreachable` if the line breaks
 */
export async function readContent(
  sluice: Sluice,
  id: string,
  { range, signal }: { range?: readonly [number, number]; signal?: AbortSignal } = {},
): Promise<Blob> {
  const late = new AbortController();
  const stall = () => {
    const words = `The server sent nothing of the original for ${STALLED_MS / 1000} s. Try again.`;
    late.abort(new SluiceError('timeout', words));
  };
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
  let timer = setTimeout(stall, STALLED_MS);
  try {
    const response = await sluice.content(id, { ...(range && { range: [...range] }), signal: either });
    const watched = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(part, controller) {
        clearTimeout(timer);
        timer = setTimeout(stall, STALLED_MS);
        controller.enqueue(part);
      },
    });
    const headers = { 'content-type': response.headers.get('content-type') ?? '' };
    // The browser may keep a large blob on its disk.
    return await new Response(response.body?.pipeThrough(watched) ?? null, { headers }).blob();
  } catch (cause) {
    if (late.signal.aborted) throw late.signal.reason;
    if (cause instanceof SluiceError) throw cause;
    if (signal?.aborted) throw new SluiceError('aborted', 'The read was aborted.', { cause });
    throw new SluiceError('unreachable', 'The connection was lost while the original was read. Try again.', {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}
