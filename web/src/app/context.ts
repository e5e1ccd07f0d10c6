// What every component of a session's page may ask for.

import { getContext, setContext } from 'svelte';
import type { Session } from '../session/store.svelte';
import type { Me } from './api';
import type { Clock } from './clock.svelte';
import type { Settings } from './settings.svelte';
import type { ToastKind } from './toasts.svelte';

export type App = {
  /** The session of this page. Another session's page is built anew, so it stays the same for a component. */
  readonly session: Session;
  readonly me: Me;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Says a short word about what just happened. */
  toast(text: string, kind?: ToastKind): void;
  /** Brings a panel into view and gives it the keyboard. */
  show(panel: string): void;
};

const KEY = Symbol('app');

export function setApp(app: App): void {
  setContext(KEY, app);
}

export function getApp(): App {
  return getContext<App>(KEY);
}
