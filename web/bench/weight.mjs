// What a first visit loads, as it comes over the wire, heads of answers included.

/** What comes on demand: the library of the charts, and the editor with its language. */
const ON_DEMAND = /\/(lightweight-charts|code-editor)[^/]*$/;

export class Weight {
  #answers = new Map();

  /** Weighs what a page loads from now on. */
  static async of(page) {
    const weight = new Weight();
    const tools = await page.context().newCDPSession(page);
    tools.on('Network.requestWillBeSent', ({ requestId, request, initiator, type }) => {
      // The frame of the document itself and what stands in it; what scripts ask the gateway for is needed as well. All other
      // code comes because a script has asked for it.
      const isFirst = initiator.type !== 'script' || type === 'Fetch';
      weight.#answers.set(requestId, { address: request.url, isFirst, bytes: 0 });
    });
    tools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const answer = weight.#answers.get(requestId);
      if (answer) answer.bytes = encodedDataLength;
    });
    await tools.send('Network.enable');
    return weight;
  }

  /** Returns the bytes until the page stands, and those with its panels but without what comes on demand. */
  sums() {
    const answers = [...this.#answers.values()];
    const sum = (some) => some.reduce((total, { bytes }) => total + bytes, 0);
    return {
      page: sum(answers.filter(({ isFirst }) => isFirst)),
      panels: sum(answers.filter(({ address }) => !ON_DEMAND.test(address))),
    };
  }
}
