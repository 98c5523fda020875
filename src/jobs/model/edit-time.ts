const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Returns the time of an edit of metadata (ms). A time more than a day ahead counts as 0, because another program wrote it,
 * and it would undo every later edit. `edit_time` of `transition.lua` does the same.
 */
export function editTime(ms: number): number {
  return ms <= Date.now() + DAY_MS ? ms : 0;
}
