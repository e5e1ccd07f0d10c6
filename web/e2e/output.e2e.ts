// What cells show beyond plain text: cleaned where it becomes part of the page, in a frame of its own where it has scripts.

import { expect, test } from 'vitest';
import { onOneSession } from './harness/suite';
import type { Tab } from './harness/tab';
import { becomes } from './harness/wait';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==';

/** Shows one output of these forms. */
function display(forms: Record<string, string>): string {
  return `from IPython.display import display\ndisplay(${JSON.stringify(forms)}, raw=True)`;
}

onOneSession('rich output', (stage) => {
  const enter = async (): Promise<Tab> => {
    const tab = await stage.chromium.enter(await stage.served.newLink());
    // What a cell showed before is shown again: a frame that may not reach the network, and handlers, of which the browser
    // tells already when they are parsed to be thrown away.
    tab.expectComplaint(/\/api\/me|inline event handler|script-src-attr: inline/);
    return tab;
  };

  test('pictures are seen: PNG and SVG', async () => {
    const tab = await enter();
    await tab.run(display({ 'image/png': PNG, 'text/plain': 'five dots' }));
    await tab.run(display({ 'image/svg+xml': '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20"/></svg>', 'text/plain': 'a box' }));
    for (const [words, width] of [['five dots', 5], ['a box', 60]] as const) {
      const image = tab.session.getByAltText(words);
      await image.waitFor();
      await becomes(`${words} is drawn`, () => image.evaluate((element: HTMLImageElement) => element.naturalWidth), (found) => found === width);
    }
  });

  test('Markdown has its headings, lists and formulas', async () => {
    const tab = await enter();
    await tab.run(`from IPython.display import Markdown\nMarkdown(${JSON.stringify('## A heading\n\n- one\n- two\n\nEuler: $e^{i\\pi} + 1 = 0$ and [a link](https://example.org)')})`);
    await tab.session.getByRole('heading', { name: 'A heading' }).waitFor();
    await tab.session.locator('math, .katex').first().waitFor();
    expect(await tab.session.getByRole('listitem').count()).toBeGreaterThanOrEqual(2);
    const link = tab.session.getByRole('link', { name: 'a link' });
    expect(await link.getAttribute('rel')).toContain('noopener');
    await tab.run(display({ 'text/latex': '$$\\int_0^1 x\\,dx = \\tfrac12$$', 'text/plain': 'an integral' }));
    await becomes('both formulas', () => tab.session.locator('math').count(), (count) => count >= 2);
  });

  test('ANSI colours are colours, and nothing of their codes is seen', async () => {
    const tab = await enter();
    await tab.run('e = chr(27) + "["; print(f"{e}31mred{e}0m {e}1;32mgreen{e}0m plain", chr(27) + "]0;hidden" + chr(7) + "end")');
    const red = tab.session.locator('span', { hasText: /^red$/ });
    await red.waitFor();
    const plain = await tab.session.evaluate((element) => getComputedStyle(element).color);
    expect(await red.evaluate((element) => getComputedStyle(element).color)).not.toBe(plain);
    const shown = await tab.shows('plain end');
    expect(shown).not.toMatch(/\x1b|\[31m|hiddenend/);
  });

  test('output with scripts draws itself in a frame that has nothing of the page', async () => {
    const tab = await enter();
    const html = `<div id="plot" style="height:140px"></div><script>
      const said = [];
      for (const [name, look] of [['parent', () => parent.document.title], ['cookie', () => document.cookie], ['storage', () => localStorage.length], ['top', () => top.location.href]])
        try { look(); said.push(name + ' open'); } catch { said.push(name + ' shut'); }
      said.push('origin ' + origin);
      document.getElementById('plot').innerHTML = '<svg width="200" height="100"><circle r="40" cx="50" cy="50"></circle></svg><p>' + said.join(', ') + '</p>';
      fetch('/api/me').then(() => said.push('network open'), () => document.querySelector('p').append(', network shut'));
    </script>`;
    await tab.run(display({ 'text/html': html, 'text/plain': 'a plot' }));
    const frame = tab.page.frameLocator('iframe[title="Output with scripts"]');
    await frame.locator('circle').waitFor();
    const said = await frame.getByText('network shut').innerText();
    expect(said).toBe('parent shut, cookie shut, storage shut, top shut, origin null, network shut');
    const height = (await tab.page.locator('iframe').boundingBox())!.height;
    expect(height).toBeGreaterThan(140);
    expect(height).toBeLessThan(400);
  });

  test('a figure of plotly is drawn without a network, from its data alone', async () => {
    const tab = await enter();
    await tab.run(
      "display({'application/vnd.plotly.v1+json': {'data': [{'type': 'scatter', 'y': [1, 3, 2], 'name': '</script>'}]," +
        " 'layout': {'title': {'text': 'drawn by plotly'}}, 'frames': [{'name': 'next', 'data': [{'y': [3, 1, 2]}]}]}," +
        " 'text/plain': 'Figure()'}, raw=True)",
    );
    const frame = tab.page.frameLocator('iframe[title="Output with scripts"]').last();
    await frame.locator('.scatterlayer .trace').waitFor();
    await frame.getByText('drawn by plotly').waitFor();
    const frames = (figure: Element) => (figure as unknown as { _transitionData: { _frames: unknown[] } })._transitionData._frames.length;
    await becomes('its frames', () => frame.locator('#figure').evaluate(frames), (count) => count === 1);
    await tab.run("import os; os.environ['PLOTLY_RENDERER']");
    await tab.sees(/plotly_mimetype/);
  });

  test('a frame that is scrolled back to is as high as it was, at once', async () => {
    const tab = await enter();
    const html = '<div style="height:610px">tall</div><script>1</script>';
    await tab.run(display({ 'text/html': html, 'text/plain': 'a plot' }));
    const frame = tab.page.locator('iframe[style*="height: 6"]');
    await frame.waitFor();
    const height = await frame.evaluate((element) => element.getAttribute('style'));
    await tab.run('for line in range(39): print("line", line)');
    await tab.run('for line in range(39): print("more", line)');
    await tab.shows('more 38');
    await becomes('the frame is out of view and gone', () => tab.page.locator('iframe').count(), (count) => count === 0);
    const first = tab.session.evaluate(
      (list) =>
        new Promise<string | null>((resolve) => {
          const look = () => {
            const found = list.querySelector('iframe');
            if (found) resolve(found.getAttribute('style'));
          };
          new MutationObserver(look).observe(list, { childList: true, subtree: true });
        }),
    );
    await tab.session.hover();
    await becomes('the frame is back', async () => (await tab.page.mouse.wheel(0, -150), tab.page.locator('iframe').count()), (count) => count > 0);
    expect(await first).toBe(height);
  });

  test('what is shown under a name changes in its place, and what is cleared goes', async () => {
    const tab = await enter();
    await tab.run('from IPython.display import display, clear_output\nhandle = display("first", display_id=True)');
    await tab.shows("'first'");
    await tab.run('handle.update("second"); "updated"');
    const shown = await tab.shows("'second'");
    expect(shown).not.toContain("'first'");
    await tab.run('print("goes"); clear_output(); print("stays")');
    expect(await tab.shows('stays\n')).not.toMatch(/^goes$/m);
  });

  test('a table of HTML is part of the page, without its scripts', async () => {
    const tab = await enter();
    const html = '<table class="dataframe"><thead><tr><th>name</th></tr></thead><tbody><tr><td onclick="window.fired=1">cell <img src=x onerror="window.fired=1"></td></tr></tbody></table>';
    await tab.run(display({ 'text/html': html, 'text/plain': 'a table' }));
    const cell = tab.session.locator('td', { hasText: 'cell' });
    await cell.waitFor();
    expect(await cell.getAttribute('onclick')).toBeNull();
    await cell.click();
    expect(await tab.page.evaluate(() => (window as unknown as { fired?: number }).fired)).toBeUndefined();
  });
});
