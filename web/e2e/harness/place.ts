// A place: a folder with a home of its own, in which the program runs. What was started here is ended with it, and then no
// process of it may be left.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program, python } from './needs';
import { type Process, processesWith, signal } from './processes';
import { until } from './wait';

/** What a program printed and how it ended. */
export type Finished = { code: number | null; stdout: string; stderr: string };

/** How long what was asked to end may take; then it is killed, and that is a failure. */
const ENDS_WITHIN_MS = 15_000;

export class Place {
  readonly folder: string;
  readonly home: string;
  readonly #running: Running[] = [];

  constructor() {
    // A socket's path has at most 107 bytes, so the folder's is short.
    this.folder = mkdtempSync('/tmp/qxe');
    this.home = join(this.folder, 'home');
  }

  /** Writes a file and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  get environment(): NodeJS.ProcessEnv {
    const { XDG_RUNTIME_DIR: _, VIRTUAL_ENV: __, NO_COLOR: ___, QUBX_LOG: ____, TMUX: _____, ...rest } = process.env;
    return { ...rest, QUBX_HOME: this.home, QUBX_PYTHON: python ?? '', USER: 'op' };
  }

  /** Runs the program to its end. */
  qubx(...line: string[]): Promise<Finished> {
    return new Promise((resolve) => {
      const options = { cwd: this.folder, env: this.environment, timeout: 60_000, maxBuffer: 64 << 20 };
      const child = execFile(program, line, options, (error, stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : null) : 0, stdout, stderr });
      });
      child.stdin?.end();
    });
  }

  /** Runs the program, which must succeed, and returns what it printed. */
  async does(...line: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.qubx(...line);
    if (code !== 0) throw new Error(`qubx ${line.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Starts the program and leaves it running. */
  spawn(...line: string[]): Running {
    const running = new Running(spawn(program, line, { cwd: this.folder, env: this.environment, stdio: 'pipe' }), `qubx ${line.join(' ')}`);
    this.#running.push(running);
    return running;
  }

  /** Returns the processes that live here. */
  processes(): Process[] {
    return processesWith('QUBX_HOME', this.home);
  }

  /** Ends everything in good order, the newest first, and asserts that nothing stays. */
  async end(): Promise<void> {
    try {
      for (const running of this.#running.reverse()) await running.end();
      // Sessions that were left to themselves.
      if (this.processes().length > 0) await this.qubx('kernel', 'stop', '--all', '--yes');
      await until('no process is left', () => this.processes().length === 0, ENDS_WITHIN_MS).catch(() => {
        const left = this.processes();
        left.forEach(({ pid }) => signal(pid, 'SIGKILL'));
        throw new Error(`left behind: ${left.map(({ name, pid }) => `${name} (${pid})`).join(', ')}`);
      });
    } finally {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

/** A program that runs. */
export class Running {
  readonly child: ChildProcess;
  readonly what: string;
  stdout = '';
  stderr = '';

  constructor(child: ChildProcess, what: string) {
    this.child = child;
    this.what = what;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits until it printed something, on either side, and returns the match. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`${this.what} says ${pattern}`, () => {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (!found && this.hasEnded) throw new Error(`${this.what} ended: ${this.stdout}${this.stderr}`);
      return found;
    });
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Asks it to end, as Ctrl+C does, and waits for that. */
  async end(): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGINT');
    const late = setTimeout(() => this.child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await ended;
    clearTimeout(late);
    if (this.child.signalCode === 'SIGKILL') throw new Error(`${this.what} did not end: ${this.stdout}${this.stderr}`);
  }
}
