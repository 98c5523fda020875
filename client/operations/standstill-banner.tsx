import type { Cause } from './standstill.ts';

/** Says why the queue stands still, and what to do. */
export function StandstillBanner({ causes }: { causes: readonly Cause[] }) {
  return (
    <div role="status">
      {causes.map(({ what, title, advice }) => (
        <div key={what} class="standstill" data-cause={what}>
          <p>
            <strong>{title}</strong>
          </p>
          <p>{advice}</p>
        </div>
      ))}
    </div>
  );
}
