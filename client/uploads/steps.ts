import { STAGES, type Stage } from '../../src/contract/job.ts';

/** What an upload goes through: its file has to arrive, then come the stages of its job. */
export type Step = 'upload' | Stage;
/** How the step that an upload has come to stands; those before it are done. */
export type StepState = 'waiting' | 'active' | 'failed';

const ORDER: readonly Step[] = ['upload', ...STAGES];

/**
 * Marks how far an upload has come.
 * @param items one per step, told apart by `data-step`
 */
export function markSteps(items: Iterable<HTMLElement>, current: Step, state: StepState): void {
  for (const item of items) {
    const distance = ORDER.indexOf(item.dataset['step'] as Step) - ORDER.indexOf(current);
    item.dataset['state'] = distance < 0 ? 'done' : distance > 0 ? 'todo' : state;
    if (distance === 0) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
}
