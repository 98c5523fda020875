/** Makes a controller that is aborted from the start. */
export function aborted(reason: Error): AbortController {
  const controller = new AbortController();
  controller.abort(reason);
  return controller;
}
