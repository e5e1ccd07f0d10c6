// What each action of the key table does on this page.

import type { Workspace } from '../workspace/workspace.svelte';
import { toggleNotifications } from '../notify/permission';
import { ACTIONS, type ActionName, type Spec } from './keys';

const PANELS: Partial<Record<ActionName, string>> = {
  positions: 'positions',
  orders: 'orders',
  fills: 'fills',
  quotes: 'quotes',
  account: 'account',
  strategy: 'actions',
  log: 'log',
  chart: 'chart',
  session: 'session',
  equity: 'equity',
  ticket: 'ticket',
};

/** Returns the actions that this page has: what its role may not do is not there. */
export function actionsOf(workspace: Workspace): Spec[] {
  const rank = { viewer: 0, trader: 1, admin: 2 };
  return ACTIONS.filter((spec) => rank[workspace.app.me.role] >= rank[spec.role]);
}

/** Does what an action says. */
export function run(name: ActionName, workspace: Workspace): void {
  const { app, verbs } = workspace;
  const panel = PANELS[name];
  if (panel) return app.show(panel);
  switch (name) {
    case 'palette':
    case 'help':
    case 'people':
    case 'access':
    case 'about':
      workspace.dialog = name;
      return;
    case 'stop':
      if (verbs.notNow) app.toast(verbs.notNow, 'warn');
      else workspace.dialog = 'stop';
      return;
    case 'pause':
      return void verbs.give(workspace.facts.isPaused ? 'resume' : 'pause');
    case 'cancel_all':
      if (workspace.facts.orders.length === 0) return app.toast('no open orders');
      return void verbs.give({ cancel_orders: { instrument: null } });
    case 'flatten':
      return void verbs.give('flatten');
    case 'restart_kernel':
      return void verbs.give('restart_kernel');
    case 'notifications':
      return void toggleNotifications(app);
    case 'time_zone':
      app.settings.timeZone = app.settings.timeZone === 'utc' ? 'local' : 'utc';
  }
}
