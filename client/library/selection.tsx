import { Icon } from '../parts/icon.tsx';
import { quantity } from '../wording/numbers.ts';

/** Shows the number of chosen documents, and the buttons for them. */
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
        Clear the choice
      </button>
      <button type="button" class="button danger" onClick={onDelete}>
        <Icon name="remove" />
        Delete {quantity(count, 'document')}
      </button>
    </div>
  );
}
