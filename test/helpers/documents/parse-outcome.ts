import type { ParseEvent } from '../../../src/contract/services/processor.ts';

/** What a processor makes of a file: its text, or why it refuses it. */
export async function parseOutcome(
  url: string,
  content: Uint8Array<ArrayBuffer> | string,
  filename: string,
): Promise<{ text: string } | { code: string; detail: string }> {
  const body = new FormData();
  body.set('file', new File([content], filename));
  const response = await fetch(`${url}/parse`, {
    method: 'POST',
    body,
    // Files take so long to make that an idle connection would be closed meanwhile.
    headers: { accept: 'application/x-ndjson', connection: 'close' },
  });
  if (!response.ok) return (await response.json()) as { code: string; detail: string };
  const lines = (await response.text()).split('\n').filter((line) => line.trim() !== '');
  const events = lines.map((line) => JSON.parse(line) as ParseEvent);
  const last = events.at(-1);
  if (last?.type === 'error') return last;
  return { text: events.map((event) => (event.type === 'segment' ? event.text : '')).join('') };
}
