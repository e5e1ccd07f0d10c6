// The processes of this machine, as `/proc` tells of them.

import { readFileSync, readdirSync } from 'node:fs';

export type Process = { pid: number; name: string };

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null; // It has ended meanwhile, or is another user's.
  }
}

/** Returns the living processes that were started with this variable. */
export function processesWith(name: string, value: string): Process[] {
  const wanted = `${name}=${value}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => read(`/proc/${pid}/environ`)?.split('\0').includes(wanted))
    .map((pid) => ({ pid: Number(pid), name: (read(`/proc/${pid}/comm`) ?? '').trim() }));
}

/** Sends a signal to a process, which may be gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
