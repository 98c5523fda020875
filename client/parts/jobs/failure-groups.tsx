import { adviceOf, mayRetry, meaningOf } from '../../wording/jobs.ts';
import { quantity } from '../../wording/numbers.ts';

/** Failures with one error code. */
export interface FailureGroup {
  code: string;
  count: number;
}

/** Shows failures by error code, with their number, their meaning and the advice. */
export function FailureGroups({
  groups,
  hrefOfCode,
  shownCode,
  isDisabled,
  onRetry,
}: {
  groups: readonly FailureGroup[];
  /** Address of the list of one group. */
  hrefOfCode: (code: string) => string;
  shownCode?: string | undefined;
  isDisabled: boolean;
  onRetry: (code: string) => void;
}) {
  return (
    <ul class="failure-groups">
      {groups.map(({ code, count }) => (
        <li key={code} class="failure-group" data-code={code}>
          <div class="failure-words">
            <h3>
              {quantity(count, code === 'cancelled' ? 'cancelled job' : 'failure')} <code>{code}</code>
            </h3>
            <p>{meaningOf(code) ?? 'This page does not know the code.'}</p>
            {adviceOf(code) && <p class="hint">{plain(adviceOf(code))}</p>}
          </div>
          <div class="actions">
            <a class="button quiet" href={hrefOfCode(code)} aria-current={code === shownCode || undefined}>
              Show<span class="visually-hidden"> the jobs with {code}</span>
            </a>
            {mayRetry({ status: 'failed', error_code: code }) && (
              <button type="button" class="button" disabled={isDisabled} onClick={() => onRetry(code)}>
                Retry all…<span class="visually-hidden"> with {code}</span>
              </button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Removes backticks from an advice, because the page shows plain text. */
function plain(text = ''): string {
  return text.replaceAll('`', '');
}
