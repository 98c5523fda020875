import { Icon } from '../parts/icon.tsx';
import { quantity } from '../wording/numbers.ts';

/** Shows how many documents are chosen, and what can be done with them. */
export function Selection({
  count,
  onDelete,
  onClear,
}: {
  count: number;
  onDelete: () => void;
  onClear: () => void;
}) {
  return (
    <div class="selection panel">
      <p role="status">{quantity(count, 'document')} chosen</p>
      <button type="button" class="button quiet" onClick={onClear}>
        Choose none
      </button>
      <button type="button" class="button danger" onClick={onDelete}>
        <Icon name="remove" />
        Delete {quantity(count, 'document')}
      </button>
    </div>
  );
}
