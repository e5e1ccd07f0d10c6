// What this device prefers. It is kept in this browser and nowhere else, and changes no fact.

import { defaultLayout, isLayout, type Layout } from './layout';

export type Theme = 'system' | 'dark' | 'light' | 'contrast';
export type Palette = 'default' | 'colour-blind';
export type Density = 'compact' | 'normal' | 'roomy';
export type TimeZone = 'utc' | 'local';
/** What Enter does: runs what is whole, or begins a line and leaves running to Shift+Enter, as notebooks do. */
export type EnterMode = 'run' | 'notebook';

const KEY = 'qubx.settings';
const LIGHT = '(prefers-color-scheme: light)';

type Kept = {
  theme: Theme;
  palette: Palette;
  density: Density;
  timeZone: TimeZone;
  enterMode: EnterMode;
  layout: Layout;
  /** What each table shows, by its name; what it means is the table's. */
  tables: Record<string, unknown>;
  /** Whether fills and errors are told outside of the page. */
  notify: boolean;
};

function defaults(): Kept {
  return {
    theme: 'system',
    palette: 'default',
    density: 'normal',
    timeZone: 'utc',
    enterMode: 'run',
    layout: defaultLayout('trade'),
    tables: {},
    notify: false,
  };
}

export class Settings {
  theme = $state<Theme>('system');
  palette = $state<Palette>('default');
  density = $state<Density>('normal');
  timeZone = $state<TimeZone>('utc');
  enterMode = $state<EnterMode>('run');
  layout = $state.raw<Layout>(defaultLayout('trade'));
  tables = $state.raw<Record<string, unknown>>({});
  notify = $state(false);
  #systemIsLight = $state(matchMedia(LIGHT).matches);
  /** The theme that is shown. */
  readonly look: Exclude<Theme, 'system'> = $derived(
    this.theme !== 'system' ? this.theme : this.#systemIsLight ? 'light' : 'dark',
  );

  constructor() {
    Object.assign(this, read());
  }

  /** Keeps every change, and gives the page its look; to be called where effects live. */
  keep(): void {
    $effect(() => {
      const { theme, palette, density, timeZone, enterMode, layout, tables, notify } = this;
      const kept: Kept = { theme, palette, density, timeZone, enterMode, layout, tables, notify };
      write(kept);
      Object.assign(document.documentElement.dataset, { theme: this.look, palette, density });
    });
    $effect(() => {
      const system = matchMedia(LIGHT);
      const changed = () => (this.#systemIsLight = system.matches);
      system.addEventListener('change', changed);
      return () => system.removeEventListener('change', changed);
    });
  }
}

/** Returns what is kept, with what is missing or of another version as it is by itself. */
function read(): Kept {
  const own = defaults();
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>;
    for (const name of Object.keys(own) as (keyof Kept)[]) {
      if (typeof kept[name] === typeof own[name] && kept[name] !== null) Object.assign(own, { [name]: kept[name] });
    }
    if (!isLayout(own.layout)) own.layout = defaultLayout('trade');
  } catch {
    // A browser that keeps nothing shows the page as it is by itself.
  }
  return own;
}

function write(kept: Kept): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // The same.
  }
}
