// What the tests need of the machine. Where it is not there they are skipped with a word, unless `QUBX_REQUIRE`, a list with
// commas, has its name: then they fail.

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../..');
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Returns a program of the search path. */
export function onPath(name: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser: `CHROMIUM`, else one of the search path. */
export const chromium: string | null = process.env.CHROMIUM ?? BROWSERS.map(onPath).find((path) => path !== null) ?? null;

const ownPython = join(ROOT, '.venv/bin/python');
/** A Python with ipykernel: `QUBX_TEST_PYTHON`, else that of the repository's environment. */
export const python: string | null = process.env.QUBX_TEST_PYTHON ?? (existsSync(ownPython) ? ownPython : null);

/** The program: `QUBX_PROGRAM`, else the one that was built for debugging. */
export const program: string = resolve(process.env.QUBX_PROGRAM ?? join(ROOT, 'target/debug/qubx'));

/** The terminal in which a terminal screen is looked at. */
export const tmux: string | null = onPath('tmux');

/** Returns what the machine lacks of the things that are named, in words; null when it lacks nothing. */
export function lacks(needs: Record<string, string | null>): string | null {
  const missing = Object.keys(needs).filter((name) => needs[name] === null);
  if (missing.length === 0) return null;
  const required = (process.env.QUBX_REQUIRE ?? '').split(',').filter((name) => missing.includes(name));
  if (required.length > 0) throw new Error(`required, and not there: ${required.join(', ')}`);
  return `there is no ${missing.join(', no ')}`;
}

/** Why no test can run; null when they can. */
export const impossible: string | null = lacks({ chromium, python });
if (!existsSync(program) && impossible === null) throw new Error(`build it first: there is no ${program}`);
