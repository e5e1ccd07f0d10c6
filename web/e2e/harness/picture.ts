// Pictures of the page, for whoever asks for them with `QUBX_SCREENSHOTS`, the folder where they go.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Tab } from './tab';

const folder = process.env.QUBX_SCREENSHOTS;

/** Keeps a picture, if somebody asked for pictures. */
export async function picture(tab: Tab, name: string): Promise<void> {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await tab.page.screenshot({ path: join(folder, `${name}.png`) });
}
