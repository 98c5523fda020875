import { Component, type ComponentChildren } from 'preact';

/** Shows that a view failed, in place of it. The frame stays, so that the user can go elsewhere. */
export class FailureBoundary extends Component<{ children: ComponentChildren }, { failure: unknown }> {
  override state = { failure: undefined };

  static override getDerivedStateFromError(failure: unknown) {
    return { failure };
  }

  override render() {
    if (this.state.failure === undefined) return this.props.children;
    return (
      <div class="view">
        <h1>This view failed</h1>
        <div class="problem" role="alert">
          <p>The server probably sent something unexpected. Reload the page.</p>
          <p class="hint">{String(this.state.failure)}</p>
          <button type="button" class="button quiet" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </div>
    );
  }
}
