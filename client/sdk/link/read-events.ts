/**
 * Reads the data of server-sent events.
 * @param onBytes called for every piece, also for the comments that show that the line lives
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array> | null,
  onBytes: () => void,
): AsyncGenerator<string> {
  if (!body) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      onBytes();
      text += decoder.decode(value, { stream: true });
      const lines = text.split(/\r\n|\n|\r/);
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
        if (line !== '' || data.length === 0) continue;
        yield data.join('\n');
        data = [];
      }
    }
  } finally {
    reader.releaseLock();
  }
}
