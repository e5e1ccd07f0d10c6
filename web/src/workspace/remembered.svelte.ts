// A choice that this device remembers, under a name of its own in the settings.

import type { Settings } from '../app/settings.svelte';

export class Remembered<T> {
  readonly #settings: Settings;
  readonly #name: string;
  readonly #usual: T;

  constructor(settings: Settings, name: string, usual: T) {
    this.#settings = settings;
    this.#name = name;
    this.#usual = usual;
  }

  get current(): T {
    return (this.#settings.tables[this.#name] as T | undefined) ?? this.#usual;
  }

  set current(value: T) {
    this.#settings.tables = { ...this.#settings.tables, [this.#name]: value };
  }
}
