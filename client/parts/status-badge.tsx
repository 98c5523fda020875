/** Shows a state in a word. @param state decides the colour */
export function StatusBadge({ state, words }: { state: string; words: string }) {
  return (
    <span class="status" data-state={state}>
      {words}
    </span>
  );
}
