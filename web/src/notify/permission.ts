// Whether the browser may call somebody who looks elsewhere. It is asked by a press alone, never by itself.

import type { App } from '../app/context';

/** Turns notifications on, asking for them where the browser wants that, or off. */
export async function toggleNotifications(app: App): Promise<void> {
  if (app.settings.notify) {
    app.settings.notify = false;
    return app.toast('notifications are off');
  }
  if (!('Notification' in window)) return app.toast('this browser has no notifications here', 'warn');
  const permission = Notification.permission === 'default' ? await Notification.requestPermission() : Notification.permission;
  if (permission !== 'granted') return app.toast('this browser does not allow notifications of this page', 'warn');
  app.settings.notify = true;
  app.toast('fills and errors are told while you look elsewhere', 'good');
}
