// What time it is, as components see it: ages and stopwatches are drawn anew when it goes on.

const TICK_MS = 250;

export class Clock {
  now = $state.raw(new Date());
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Goes on while somebody looks at the page; returns how to stop. */
  start(): () => void {
    const tick = () => {
      if (!document.hidden) this.now = new Date();
    };
    this.#timer = setInterval(tick, TICK_MS);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(this.#timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }
}
