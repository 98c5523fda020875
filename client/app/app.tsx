import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { BatchPage } from '../batch/batch-page.tsx';
import { DocumentPage } from '../document/document-page.tsx';
import { JobPage } from '../job/job-page.tsx';
import { LibraryPage } from '../library/library-page.tsx';
import { OperationsPage } from '../operations/operations-page.tsx';
import { SearchPage } from '../search/search-page.tsx';
import { UploadsPage } from '../uploads/uploads-page.tsx';
import { FailureBoundary } from './failure-boundary.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { LinkSign } from './link-sign.tsx';
import { useIsHeard } from './link.ts';
import { Navigation } from './navigation.tsx';
import { useRoute, type Route, type View } from './route.ts';
import { arriveAtPlace } from './scroll-place.ts';
import { Toasts } from './toasts.tsx';

/** Properties of each view. */
export interface ViewProps {
  route: Route;
}

const COMPONENTS: Record<View, { title: string; component: ComponentType<ViewProps> }> = {
  uploads: { title: 'Uploads', component: UploadsPage },
  library: { title: 'Library', component: LibraryPage },
  document: { title: 'Document', component: DocumentPage },
  search: { title: 'Search', component: SearchPage },
  operations: { title: 'Operations', component: OperationsPage },
  job: { title: 'Job', component: JobPage },
  batch: { title: 'Batch', component: BatchPage },
};

/** Shows the frame of the page, and the view that the address names. */
export function App() {
  const route = useRoute();
  const isHeard = useIsHeard();
  const main = useRef<HTMLElement>(null);
  const { title, component: Shown } = COMPONENTS[route.view];
  const former = useRef<string>(undefined);
  useEffect(() => {
    document.title = route.view === 'uploads' ? 'Sluice' : `${title} · Sluice`;
    const shown = `${route.view}/${route.id ?? ''}`;
    const isOther = former.current !== undefined && former.current !== shown;
    former.current = shown;
    arriveAtPlace(isOther);
    // Another view is another page, and assistive technology reads it.
    if (isOther) main.current?.focus({ preventScroll: true });
  }, [route]);
  useEffect(keepDrops, []);
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
        <FailureBoundary key={`${route.view}/${route.id ?? ''}`}>
          <Shown route={route} />
        </FailureBoundary>
      </main>
      <Toasts />
      <KeyDialog />
    </div>
  );
}

/** Keeps a dropped file from taking the place of the page. Only some views take files. */
function keepDrops(): () => void {
  const keep = (event: DragEvent) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  };
  const events = ['dragover', 'drop'] as const;
  for (const name of events) document.addEventListener(name, keep);
  return () => {
    for (const name of events) document.removeEventListener(name, keep);
  };
}
