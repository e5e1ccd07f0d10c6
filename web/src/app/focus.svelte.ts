// Which panel is in view in each group of tabs, and which one was asked for last.

export class Focus {
  /** The panel that was asked for, and how often one was: asking for the same one again gives it the keyboard again. */
  wanted = $state.raw<{ panel: string; count: number }>({ panel: '', count: 0 });
  /** What each group of tabs shows, by the group's name. */
  shown = $state<Record<string, string>>({});

  show(panel: string): void {
    this.wanted = { panel, count: this.wanted.count + 1 };
  }
}
