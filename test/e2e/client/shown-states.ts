import type { Page } from 'playwright-core';

/** What the view of a job has shown so far, each value once in a row. */
export interface ShownStates {
  messages: string[];
  /** Values of the progress bar, in percent. */
  percents: number[];
}

/** Runs in the page: records the messages and the progress of the job's view. */
const RECORD = `
  window.shownStates = { messages: [], percents: [] };
  document.addEventListener('DOMContentLoaded', () => {
    const note = (values, value) => {
      if (value !== undefined && value !== values.at(-1)) values.push(value);
    };
    new MutationObserver(() => {
      const view = document.querySelector('.job');
      if (!view) return;
      const percent = view.querySelector('[role="progressbar"]')?.getAttribute('aria-valuenow');
      note(window.shownStates.messages, view.querySelector('.message')?.textContent);
      note(window.shownStates.percents, percent === undefined ? undefined : Number(percent));
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  });
`;

/** Records what a page shows of a job, from its next load on. @returns a read of the record */
export async function recordStates(page: Page): Promise<() => Promise<ShownStates>> {
  await page.addInitScript({ content: RECORD });
  return () => page.evaluate<ShownStates>('window.shownStates');
}
