// A session with its page: what `qubx run CONFIG --paper --textual-web` starts, and who may look at it.

import { Place, type Running } from './place';
import { signal } from './processes';
import { IDLE, config, type Market } from './strategies';
import { until } from './wait';

export type Strategy = { name: string; source: string; path: string; market?: Market };

const IDLE_STRATEGY: Strategy = { name: 'idle', source: IDLE, path: 'idle.Idle' };

/** The line with the link. */
const LINK = /page: (http:\/\/\S+\/)#t=(\S+)/;

export class Served {
  readonly place: Place;
  readonly owner: Running;
  readonly name: string;
  /** The address of the page, with a slash at its end. */
  readonly origin: string;
  /** The link that it printed; good once. */
  readonly link: string;

  private constructor(place: Place, owner: Running, name: string, origin: string, link: string) {
    this.place = place;
    this.owner = owner;
    this.name = name;
    this.origin = origin;
    this.link = link;
  }

  /** Starts a session with its page, and returns when the page is served. */
  static async start(strategy: Strategy = IDLE_STRATEGY, ...line: string[]): Promise<Served> {
    const place = new Place();
    try {
      place.write(`${strategy.name}.py`, strategy.source);
      place.write(`${strategy.name}.yml`, config(strategy.name, strategy.path, strategy.market));
      return await Served.of(place, strategy.name, ...line);
    } catch (error) {
      await place.end();
      throw error;
    }
  }

  /** Starts the session of a config that a place has, named like it. */
  static async of(place: Place, name: string, ...line: string[]): Promise<Served> {
    const owner = place.spawn('run', `${name}.yml`, '--paper', '--textual-web', '--port', '0', ...line);
    const [, origin, token] = await owner.says(LINK);
    return new Served(place, owner, name, origin!, `${origin}#t=${token}`);
  }

  /** Returns another login link, of the user that runs the session. */
  async newLink(): Promise<string> {
    return this.#linkIn(await this.place.does('login'));
  }

  /** Makes a token for somebody, and returns its link and its id. */
  async newToken(name: string, role: 'viewer' | 'trader' | 'admin'): Promise<{ link: string; id: string }> {
    const text = await this.place.does('tokens', 'new', name, '--role', role, '--json');
    const { id, token } = JSON.parse(text) as { id: string; token: string };
    return { id, link: `${this.origin}#t=${token}` };
  }

  #linkIn(text: string): string {
    const token = /#t=([^\s]+)/.exec(text)?.[1];
    if (!token) throw new Error(`no link in: ${text}`);
    return `${this.origin}#t=${token}`;
  }

  /** Returns the process between the tabs and the session. */
  gateway(): number {
    const found = this.place.processes().find(({ name }) => name === 'qubx-gateway');
    if (!found) throw new Error('there is no gateway');
    return found.pid;
  }

  /** Kills the gateway, and returns when its owner has started another one. */
  async killGateway(): Promise<void> {
    const old = this.gateway();
    signal(old, 'SIGKILL');
    await until('another gateway runs', () => this.place.processes().some(({ name, pid }) => name === 'qubx-gateway' && pid !== old));
  }

  /** Returns what the program says of the session. */
  async status(): Promise<any> {
    const { stdout } = await this.place.qubx('status', this.name, '--json');
    return JSON.parse(stdout);
  }

  /** Returns the session's entries, oldest first. */
  async history(): Promise<any[]> {
    const text = await this.place.does('history', this.name, '--json');
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  end(): Promise<void> {
    return this.place.end();
  }
}
