import { showLink } from './connection-sign.ts';
import { getKey, listenToKeyForm } from './key.ts';
import { Sluice } from './sdk/sluice.ts';
import { SearchView } from './search-view.ts';
import { listenToUploadForm } from './uploads/upload-form.ts';
import { UploadList } from './uploads/upload-list.ts';

const sluice = new Sluice({ getKey, onLink: showLink });
const uploads = new UploadList(sluice);
const searchView = new SearchView(sluice);
listenToUploadForm({
  onFiles: (files, collection) => uploads.add(files, collection),
  onCollection: (name) => searchView.suggestCollection(name),
});

listenToKeyForm();
uploads.restore();
sluice.connect();
