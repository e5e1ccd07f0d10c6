// The strategies that tests run, and a simulated market for them.

/** Does nothing by itself. */
export const IDLE = `
from qubx_strategy import Strategy


class Idle(Strategy):
    pass
`;

export type Market = { mode?: string; capital?: number; quotesPerSecond?: number; more?: string };

/** Returns a config of a strategy on a simulated market of two instruments. */
export function config(name: string, strategy: string, { quotesPerSecond = 5, more = '' }: Market = {}): string {
  return `
name: ${name}
strategy: ${strategy}
live:
  exchanges:
    SIM:
      connector: sim
      base_currency: USDT
      capital: 100000
      leverage: 3
      fees: { maker_bps: 2, taker_bps: 5 }
      universe: [BTCUSDT, ETHUSDT]
      instruments:
        BTCUSDT: { tick_size: 0.1, lot_size: 0.001, min_notional: 5 }
        ETHUSDT: { tick_size: 0.01, lot_size: 0.001, min_notional: 5 }
      params: { seed: 7, quotes_per_second: ${quotesPerSecond} }
${more}`;
}
