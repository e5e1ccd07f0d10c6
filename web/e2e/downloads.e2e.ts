// What can be taken away: the session as a notebook, the tables as CSV, the log as text.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { onOneSession } from './harness/suite';

const HEADS: [title: string, columns: string[]][] = [
  ['Orders', ['id', 'exchange', 'symbol', 'side', 'quantity', 'price', 'status']],
  ['Fills', ['exchange', 'symbol', 'side', 'quantity', 'price', 'fee']],
  ['Positions', ['exchange', 'symbol', 'quantity']],
  ['Funding', ['exchange', 'symbol', 'rate', 'amount']],
];

onOneSession('downloads', (stage) => {
  test('are what their names say', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(served.link);
    await tab.run('ctx.log("told to all"); ctx.trade("BTCUSDT", 0.01).status');
    await tab.shows('FILL');
    await tab.run('"kept", "in the notebook"');
    await tab.shows("('kept', 'in the notebook')");
    await tab.page.getByRole('button', { name: 'View' }).click();
    const downloads = tab.page.getByRole('group', { name: 'Downloads' });
    const load = async (title: string): Promise<string> => {
      const begun = tab.page.waitForEvent('download');
      await downloads.getByRole('link', { name: title, exact: true }).click();
      return readFileSync(await (await begun).path(), 'utf8');
    };

    const notebook = JSON.parse(await load('Session (.ipynb)'));
    expect(notebook.nbformat).toBe(4);
    const cells = notebook.cells.filter(({ cell_type }: { cell_type: string }) => cell_type === 'code');
    expect(cells.map(({ source }: { source: string | string[] }) => [source].flat().join(''))).toContain('"kept", "in the notebook"');
    expect(JSON.stringify(cells)).toContain("('kept', 'in the notebook')");

    for (const [title, columns] of HEADS) {
      const [head, ...rows] = (await load(title)).trimEnd().split(/\r?\n/);
      for (const column of columns) expect(head!.split(','), title).toContain(column);
      if (title === 'Orders') expect(rows.at(-1)).toContain('filled');
      if (title === 'Fills') expect(rows.length).toBe(1);
    }
    expect(await load('Log')).toContain('told to all');
  });
});
