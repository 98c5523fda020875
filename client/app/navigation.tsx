import { Icon, type IconName } from '../parts/icon.tsx';
import { hrefOf, type View } from './route.ts';

const PLACES: { view: View; title: string; icon: IconName; inside: readonly View[] }[] = [
  { view: 'uploads', title: 'Uploads', icon: 'upload', inside: ['batch'] },
  { view: 'library', title: 'Library', icon: 'library', inside: ['document'] },
  { view: 'search', title: 'Search', icon: 'search', inside: [] },
  { view: 'operations', title: 'Operations', icon: 'pulse', inside: ['job'] },
];

/** Links to the views. A phone has them at the bottom, within reach of the thumb. */
export function Navigation({ view }: { view: View }) {
  return (
    <nav class="navigation" aria-label="Views">
      <ul>
        {PLACES.map(({ view: place, title, icon, inside }) => (
          <li key={place}>
            <a
              href={hrefOf(place)}
              aria-current={place === view ? 'page' : inside.includes(view) ? 'true' : undefined}
            >
              <Icon name={icon} />
              <span>{title}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
