import { go, hrefOf } from '../../app/route.ts';
import { whole } from '../../wording/numbers.ts';
import type { Shown } from '../place.ts';

/** Goes to a chunk by its number. */
export function ChunkField({ id, count, shown }: { id: string; count: number; shown: Shown }) {
  const open = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('chunk');
    if (field instanceof HTMLInputElement)
      go(hrefOf('document', id, { chunk: field.valueAsNumber, view: shown }));
  };
  return (
    <form class="chunk-field" onSubmit={open}>
      <label for="go-to-chunk">Chunk</label>
      <input
        id="go-to-chunk"
        name="chunk"
        class="input"
        type="number"
        required
        min={0}
        max={Math.max(0, count - 1)}
      />
      <button type="submit" class="button quiet">
        Go
      </button>
      <span class="hint">0 to {whole(Math.max(0, count - 1))}</span>
    </form>
  );
}
