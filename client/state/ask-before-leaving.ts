let unfinished = 0;

window.addEventListener('beforeunload', (event) => {
  if (unfinished > 0) event.preventDefault();
});

/** Lets the browser ask before the page is left, until the work has ended. */
export async function askBeforeLeaving<T>(work: Promise<T>): Promise<T> {
  unfinished++;
  try {
    return await work;
  } finally {
    unfinished--;
  }
}
