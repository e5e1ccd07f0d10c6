// Short words about what just happened, shown for a while and told to screen readers.

export type ToastKind = 'info' | 'good' | 'warn' | 'bad';
export type Toast = { id: number; text: string; kind: ToastKind };

const SHOWN_MS = 6_000;
/** What went wrong stays longer: somebody wants to read it. */
const BAD_SHOWN_MS = 15_000;
const MOST = 5;

export class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 0;

  readonly show = (text: string, kind: ToastKind = 'info'): void => {
    const toast = { id: (this.#next += 1), text, kind };
    this.list = [...this.list, toast].slice(-MOST);
    setTimeout(() => this.dismiss(toast.id), kind === 'bad' ? BAD_SHOWN_MS : SHOWN_MS);
  };

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}
