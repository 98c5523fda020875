import { STAGES, type Stage } from '../../src/contract/job.ts';

/** Steps of an upload: the transfer, then the stages of its job. */
export type Step = 'upload' | Stage;
/** State of an upload's present step. Earlier steps are done. */
export type StepState = 'waiting' | 'active' | 'failed';

const ORDER: readonly Step[] = ['upload', ...STAGES];

/**
 * Marks an upload's progress.
 * @param items one per step, with its name in `data-step`
 */
export function markSteps(items: Iterable<HTMLElement>, current: Step, state: StepState): void {
  for (const item of items) {
    const distance = ORDER.indexOf(item.dataset['step'] as Step) - ORDER.indexOf(current);
    item.dataset['state'] = distance < 0 ? 'done' : distance > 0 ? 'todo' : state;
    if (distance === 0) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
}
