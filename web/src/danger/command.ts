// The commands by name: which they are, what their verb is called, and who may give them. No I/O.

import type { Command, Role } from '../protocol';

/** Returns the name of a command on the wire. */
export function kindOf(command: Command): string {
  return typeof command === 'string' ? command : (Object.keys(command)[0] ?? '');
}

/** Returns the verb's name, as screens, the command line and the log write it. */
export function verbOf(command: Command): string {
  const kind = kindOf(command);
  if (kind === 'restart_kernel') return 'restart';
  if (kind === 'release') return 'detach';
  return kind.replace('_', ' ');
}

const RANK: Record<Role, number> = { viewer: 0, trader: 1, admin: 2 };
const FOR_ADMINS = new Set(['execute', 'interrupt', 'answer', 'restart_kernel', 'set_parameter', 'stop', 'release']);

/** Returns whether somebody with a role may give a command of this name. */
export function mayGive(role: Role, kind: string): boolean {
  return RANK[role] >= (FOR_ADMINS.has(kind) ? RANK.admin : RANK.trader);
}
