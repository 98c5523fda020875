import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { BatchView } from '../batch/batch-view.tsx';
import { DocumentView } from '../document/document-view.tsx';
import { JobView } from '../job/job-view.tsx';
import { LibraryView } from '../library/library-view.tsx';
import { OperationsView } from '../operations/operations-view.tsx';
import { SearchView } from '../search/search-view.tsx';
import { UploadsView } from '../uploads/uploads-view.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { LinkSign } from './link-sign.tsx';
import { useIsHeard } from './link.ts';
import { Navigation } from './navigation.tsx';
import { useRoute, type Route, type View } from './route.ts';
import { Toasts } from './toasts.tsx';

/** Properties of each view. */
export interface ViewProps {
  route: Route;
}

const COMPONENTS: Record<View, { title: string; component: ComponentType<ViewProps> }> = {
  uploads: { title: 'Uploads', component: UploadsView },
  library: { title: 'Library', component: LibraryView },
  document: { title: 'Document', component: DocumentView },
  search: { title: 'Search', component: SearchView },
  operations: { title: 'Operations', component: OperationsView },
  job: { title: 'Job', component: JobView },
  batch: { title: 'Batch', component: BatchView },
};

/** Shows the frame of the page, and the view that the address names. */
export function App() {
  const route = useRoute();
  const isHeard = useIsHeard();
  const main = useRef<HTMLElement>(null);
  const { title, component: Shown } = COMPONENTS[route.view];
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = route.view === 'uploads' ? 'Sluice' : `${title} · Sluice`;
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    // Another view is another page: it begins at its top, and assistive technology reads it.
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [route.view, route.id]);
  return (
    <div class="app" data-heard={isHeard}>
      <header class="masthead">
        <a class="skip-link" href={location.hash || '#/uploads'} onClick={() => main.current?.focus()}>
          Skip to the content
        </a>
        <a class="brand" href="#/uploads">
          <img src="./icon.svg" alt="" width="32" height="32" />
          <span>Sluice</span>
        </a>
        <Navigation view={route.view} />
        <LinkSign />
      </header>
      <main ref={main} tabIndex={-1}>
        <Shown key={`${route.view}/${route.id ?? ''}`} route={route} />
      </main>
      <Toasts />
      <KeyDialog />
    </div>
  );
}
